import { describe, expect, test } from 'vitest';
import registry from '../../../model-config/models.json';
import { fit, recommend, shortfalls, type Device } from '../../../src/domain/model-choice.ts';
import { readRegistry, type Model } from '../../../src/domain/models.ts';

const { models } = readRegistry(registry);

function model(id: string): Model {
  const found = models.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`The registry has no ${id}.`);
  return found;
}

/** A present-day desktop card. */
const DESKTOP: Device = {
  features: ['shader-f16', 'subgroups'],
  limits: {
    maxBufferSize: 2 ** 32,
    maxStorageBufferBindingSize: 2 ** 31,
    maxComputeWorkgroupStorageSize: 2 ** 15,
    maxStorageBuffersPerShaderStage: 16,
  },
  software: false,
  handheld: false,
};
const NO_HALF: Device = { ...DESKTOP, features: [] };
/** The least that WebLLM opens a device with. */
const LEAST: Device = {
  ...NO_HALF,
  limits: { ...DESKTOP.limits, maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 },
};

describe('which build of a model', () => {
  test('half precision where the device has it, single where not', () => {
    expect(fit(model('MetaAligner-IMHI-7B'), DESKTOP).build.quantization).toBe('q4f16_1');
    expect(fit(model('MetaAligner-IMHI-7B'), NO_HALF).build.quantization).toBe('q4f32_1');
  });

  test('the widest context whose cache fits one buffer', () => {
    expect(fit(model('MetaAligner-IMHI-7B'), DESKTOP).contextWindow).toBe(4096);
    // 4,096 tokens and a page of 16 in float32 are 128.5 MiB, just above the smaller limit.
    expect(fit(model('MetaAligner-IMHI-7B'), LEAST).contextWindow).toBe(2048);
  });

  test('one that runs nowhere here is shown as published', () => {
    const thirteen = model('MetaAligner-IMHI-13B');
    expect(fit(thirteen, NO_HALF)).toEqual({ build: thirteen.builds[0], contextWindow: 4096 });
  });
});

describe('why a model does not run', () => {
  const [half] = model('MetaAligner-IMHI-13B').builds;
  const [, single] = model('MetaAligner-IMHI-7B').builds;
  if (!half || !single) throw new Error('The registry lacks a build.');

  test('a feature is named', () => {
    expect(shortfalls(model('MetaAligner-IMHI-13B'), half, 4096, NO_HALF)).toEqual([
      { kind: 'feature', name: 'shader-f16' },
    ]);
  });

  test('a limit is named with what there is and what is needed', () => {
    expect(shortfalls(model('MetaAligner-IMHI-7B'), single, 4096, LEAST)).toEqual([
      { kind: 'limit', name: 'maxStorageBufferBindingSize', has: 2 ** 27, needs: 128.5 * 2 ** 20 },
    ]);
  });

  test('between its two steps the engine uses the lower one', () => {
    const between = { ...LEAST, limits: { ...LEAST.limits, maxStorageBufferBindingSize: 2 ** 29 } };
    expect(shortfalls(model('MetaAligner-IMHI-7B'), single, 4096, between)).toMatchObject([{ has: 2 ** 27 }]);
  });

  test('what the engine itself asks for counts, and what an entry adds', () => {
    const weak = { ...DESKTOP, limits: { ...DESKTOP.limits, maxStorageBuffersPerShaderStage: 8 } };
    expect(shortfalls(model('demo'), model('demo').builds[0] ?? half, 2048, weak)).toMatchObject([
      { name: 'maxStorageBuffersPerShaderStage', has: 8, needs: 10 },
    ]);
    const greedy = { ...single, requiredLimits: { maxBufferSize: 2 ** 33 } };
    expect(shortfalls(model('MetaAligner-IMHI-7B'), greedy, 4096, DESKTOP)).toMatchObject([
      { name: 'maxBufferSize', needs: 2 ** 33 },
    ]);
  });
});

describe('what to start with', () => {
  test.each([
    ['a desktop', DESKTOP, 'MetaAligner-UltraFeedback-7B', 'q4f16_1'],
    ['a desktop without half precision', NO_HALF, 'MetaAligner-UltraFeedback-7B', 'q4f32_1'],
    ['a phone', { ...DESKTOP, handheld: true }, 'MetaAligner-UltraFeedback-1.1B', 'q4f16_1'],
    ['an emulated adapter', { ...NO_HALF, software: true }, 'demo', 'q4f32_1'],
  ])('%s', (_, device, id, quantization) => {
    expect(recommend(models, device)).toMatchObject({ model: { id }, build: { quantization } });
  });

  test('in the family that is asked for', () => {
    expect(recommend(models, DESKTOP, 'IMHI')?.model.id).toBe('MetaAligner-IMHI-7B');
  });

  test('nothing where nothing is known or nothing runs', () => {
    expect(recommend(models, undefined)).toBeUndefined();
    const none = { ...DESKTOP, limits: { ...DESKTOP.limits, maxBufferSize: 1 } };
    expect(recommend(models, none)).toBeUndefined();
  });
});
