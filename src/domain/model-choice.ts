import { gpuBytes, largestBufferBytes } from './model-size.ts';
import { LIMITS, type LimitName, type Model, type ModelBuild } from './models.ts';

/** What this browser's WebGPU offers, as far as it decides which models run. */
export interface Device {
  readonly features: readonly string[];
  readonly limits: Readonly<Record<LimitName, number>>;
  /** True for an adapter that the processor emulates: it runs everything, slowly. */
  readonly software: boolean;
  /** True for phones and tablets. */
  readonly handheld: boolean;
}

/** Why a model does not run here. */
export type Shortfall =
  | { readonly kind: 'feature'; readonly name: string }
  | { readonly kind: 'limit'; readonly name: LimitName; readonly has: number; readonly needs: number };

/** How a model is run: which build, with room for how many tokens. */
export interface Fitting {
  readonly build: ModelBuild;
  readonly contextWindow: number;
}

export interface Recommendation extends Fitting {
  readonly model: Model;
}

/** WebLLM 0.2.86 asks for these when it opens the device and gives up below them. */
const ENGINE_LIMITS: Readonly<Record<LimitName, number>> = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  maxComputeWorkgroupStorageSize: 2 ** 15,
  maxStorageBuffersPerShaderStage: 10,
};

/** Where an adapter has less of a limit than the first number, WebLLM takes the second and no more. */
const ENGINE_STEPS: Partial<Record<LimitName, readonly [number, number]>> = {
  maxBufferSize: [2 ** 30, 2 ** 28],
  maxStorageBufferBindingSize: [2 ** 30, 2 ** 27],
};

/** GPU memory that the page dares to recommend, in bytes. WebGPU tells nobody how much there is. */
const MODEST_MEMORY = 2 ** 31;
const USUAL_MEMORY = 8 * 2 ** 30;

/** Everything that keeps a build from running on a device; nothing for one that runs. */
export function shortfalls(
  model: Model,
  build: ModelBuild,
  contextWindow: number,
  device: Device,
): Shortfall[] {
  const largest = largestBufferBytes(model.architecture, build.quantization, contextWindow);
  const needs = (name: LimitName): number =>
    Math.max(
      ENGINE_LIMITS[name],
      build.requiredLimits[name] ?? 0,
      name === 'maxBufferSize' || name === 'maxStorageBufferBindingSize' ? largest : 0,
    );
  return [
    ...build.requiredFeatures
      .filter((feature) => !device.features.includes(feature))
      .map((name): Shortfall => ({ kind: 'feature', name })),
    ...LIMITS.map((name): Shortfall => ({
      kind: 'limit',
      name,
      has: usable(name, device),
      needs: needs(name),
    })).filter((shortfall) => shortfall.kind === 'limit' && shortfall.has < shortfall.needs),
  ];
}

/** What of a limit the engine will really use. */
function usable(name: LimitName, { limits }: Device): number {
  const [wanted, otherwise] = ENGINE_STEPS[name] ?? [0, 0];
  return limits[name] >= wanted ? limits[name] : Math.min(limits[name], otherwise);
}

/**
 * The best way to run a model on a device: half precision where the device has it, since it is smaller and faster, and
 * the widest context that fits. Where nothing fits, or nothing is known of the device, the first build and its full context.
 */
export function fit(model: Model, device: Device | undefined): Fitting {
  const builds = [...model.builds].sort((a, b) => Number(isHalf(b)) - Number(isHalf(a)));
  const contexts = contextChoices(model);
  for (const build of device ? builds : [])
    for (const contextWindow of contexts)
      if (device && shortfalls(model, build, contextWindow, device).length === 0)
        return { build, contextWindow };
  const [first] = model.builds;
  if (!first) throw new Error(`Model "${model.id}" has no build.`);
  return { build: first, contextWindow: model.contextWindow };
}

/** Context windows to choose from, widest first; in tokens. */
export function contextChoices({ contextWindow, smallerContextWindows }: Model): number[] {
  return [contextWindow, ...smallerContextWindows].sort((a, b) => b - a);
}

/**
 * The model to start with: of one family, the largest that fits the device's limits and the memory that such a device
 * usually has. An emulated adapter gets the demo, because a real model would take minutes for a sentence there.
 */
export function recommend(
  models: readonly Model[],
  device: Device | undefined,
  family: Model['family'] = 'UltraFeedback',
): Recommendation | undefined {
  if (!device) return undefined;
  const memory = device.handheld ? MODEST_MEMORY : USUAL_MEMORY;
  const fitting = models
    .filter((model) => (device.software ? model.demo : !model.demo && model.family === family))
    .map((model): Recommendation => ({ model, ...fit(model, device) }))
    .filter(
      ({ model, build, contextWindow }) =>
        shortfalls(model, build, contextWindow, device).length === 0 && memoryOf(model, build) <= memory,
    );
  return fitting.sort((a, b) => memoryOf(b.model, b.build) - memoryOf(a.model, a.build))[0];
}

function memoryOf(model: Model, build: ModelBuild): number {
  return gpuBytes(model.architecture, build.quantization, model.contextWindow);
}

function isHalf({ requiredFeatures }: ModelBuild): boolean {
  return requiredFeatures.includes('shader-f16');
}
