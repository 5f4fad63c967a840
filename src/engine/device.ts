import type { Device } from '../domain/model-choice.ts';
import { LIMITS, type LimitName } from '../domain/models.ts';
import { EngineError } from './errors.ts';

/**
 * What this browser's WebGPU offers, found out before anything is downloaded.
 *
 * @returns a short description of the adapter (may be empty)
 * @throws EngineError 'insecure-context', 'no-webgpu', 'no-adapter' or 'missing-feature'
 */
export async function probeAdapter(requiredFeatures: readonly string[]): Promise<string> {
  if (!globalThis.isSecureContext)
    throw new EngineError({
      code: 'insecure-context',
      detail: 'The page was not opened over https or localhost.',
    });
  // TypeScript's library always has navigator.gpu; many browsers do not.
  const gpu = navigator.gpu as GPU | undefined;
  if (!gpu) throw new EngineError({ code: 'no-webgpu', detail: 'navigator.gpu is missing.' });
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new EngineError({ code: 'no-adapter', detail: 'requestAdapter() gave none.' });
  const absent = requiredFeatures.filter((feature) => !adapter.features.has(feature));
  if (absent.length > 0) throw new EngineError({ code: 'missing-feature', detail: absent.join(', ') });
  return describe(adapter.info);
}

/** What this browser's WebGPU offers, for the choice of a model; undefined where there is none. */
export async function readDevice(): Promise<Device | undefined> {
  const gpu = navigator.gpu as GPU | undefined;
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return undefined;
  const { info, limits, features } = adapter;
  return {
    features: [...features],
    limits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])) as Record<LimitName, number>,
    software: info.isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(describe(info)),
    handheld: /Android|iPhone|iPad/.test(navigator.userAgent),
  };
}

function describe({ description, vendor, architecture }: GPUAdapterInfo): string {
  return description || [vendor, architecture].filter(Boolean).join(' ');
}

/**
 * Calls back when a graphics device that this thread opened is lost. WebLLM only logs that, and whatever waited for
 * the device waits for ever. Devices are caught where they are made, since WebLLM does not hand its own out.
 */
export function watchDevices(onLost: (detail: string) => void): void {
  if (typeof GPUAdapter === 'undefined') return;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called below with its adapter
  const requestDevice = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, descriptor?: GPUDeviceDescriptor) {
    const device = await requestDevice.call(this, descriptor);
    void device.lost.then(({ reason, message }) => {
      // 'destroyed' is our own doing: another model is being loaded.
      if (reason !== 'destroyed') onLost(message);
    });
    return device;
  };
}
