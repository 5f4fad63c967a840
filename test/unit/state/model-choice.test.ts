import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import registry from '../../../model-config/models.json';
import type { Device } from '../../../src/domain/model-choice.ts';
import { readRegistry, type Model } from '../../../src/domain/models.ts';
import { Keeping } from '../../../src/state/keeping.svelte.ts';
import { ModelChoice } from '../../../src/state/model-choice.svelte.ts';
import { writeModelPicks } from '../../../src/storage/models.ts';

const { models } = readRegistry(registry);
const seven = models.find(({ id }) => id === 'MetaAligner-IMHI-7B') as Model;

const DEVICE: Device = {
  features: ['shader-f16'],
  limits: {
    maxBufferSize: 2 ** 32,
    maxStorageBufferBindingSize: 2 ** 31,
    maxComputeWorkgroupStorageSize: 2 ** 15,
    maxStorageBuffersPerShaderStage: 16,
  },
  software: false,
  handheld: false,
};

async function open(device: Device | undefined): Promise<ModelChoice> {
  const choice = new ModelChoice(new Keeping(), () => Promise.resolve(device));
  await choice.restore();
  await choice.probe();
  return choice;
}

const chosen = (choice: ModelChoice) => {
  const { build, contextWindow } = choice.fittingOf(seven);
  return [build.quantization, contextWindow];
};

test('the device decides, the person may decide otherwise, and that is kept', async () => {
  const choice = await open(DEVICE);
  expect(chosen(choice)).toEqual(['q4f16_1', 4096]);
  choice.pick(seven, { quantization: 'q4f32_1' });
  choice.pick(seven, { contextWindow: 1024 });
  expect(chosen(choice)).toEqual(['q4f32_1', 1024]);
  await expect.poll(async () => chosen(await open(DEVICE))).toEqual(['q4f32_1', 1024]);
});

test('a build or context that the registry no longer has is not chosen', async () => {
  await writeModelPicks({ [seven.id]: { quantization: 'q9', contextWindow: 7 } });
  expect(chosen(await open(DEVICE))).toEqual(['q4f16_1', 4096]);
  await writeModelPicks('nonsense');
  expect(chosen(await open(DEVICE))).toEqual(['q4f16_1', 4096]);
});

test('what is chosen against the device says why it will not run', async () => {
  await writeModelPicks({});
  const choice = await open({ ...DEVICE, features: [] });
  expect(choice.shortfallsOf(seven)).toEqual([]);
  choice.pick(seven, { quantization: 'q4f16_1' });
  expect(choice.shortfallsOf(seven)).toEqual([{ kind: 'feature', name: 'shader-f16' }]);
});

test('without WebGPU nothing is said about what runs', async () => {
  await writeModelPicks({});
  const choice = await open(undefined);
  expect(choice.shortfallsOf(seven)).toBeUndefined();
  expect(choice.recommendation(models, 'IMHI')).toBeUndefined();
});
