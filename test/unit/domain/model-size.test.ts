import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import registry from '../../../model-config/models.json';
import { buildBytes, checkpointBytes, gpuBytes, largestBufferBytes } from '../../../src/domain/model-size.ts';
import type { Architecture, Quantization } from '../../../src/domain/models.ts';

const demo = registry.models[0];
const thirteen = registry.models.find(({ id }) => id === 'MetaAligner-UltraFeedback-13B');
if (!demo || !thirteen) throw new Error('The registry lacks an entry.');

interface TensorCache {
  records: { nbytes: number }[];
}
interface ChatConfig {
  quantization: Quantization;
  model_config: Record<string, number>;
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'));
}

test('the demo has as many bytes as its files', () => {
  const { records } = read('public/models/demo/tensor-cache.json') as TensorCache;
  expect(buildBytes(demo.architecture, 'q4f32_1')).toBe(records.reduce((sum, { nbytes }) => sum + nbytes, 0));
  const library = new URL('../../../public/models/demo/demo-q4f32_1.wasm', import.meta.url);
  const [build] = demo.builds;
  const announced = build && 'libraryBytes' in build ? build.libraryBytes : 0;
  // The page shows it rounded, so a rebuilt library may differ a little.
  expect(announced / statSync(library).size).toBeCloseTo(1, 1);
});

test.each(['a_f16_single/q4f16_1', 'a_f16_single/q4f32_1', 'b_bf16_sharded/q4f16_1'])(
  "a build that MLC's own converter wrote has the bytes that follow from its shape: %s",
  (folder) => {
    const config = read(`test/fixtures/mlc/${folder}/mlc-chat-config.json`) as ChatConfig;
    const shape = config.model_config;
    const architecture: Architecture = {
      layers: shape.num_hidden_layers ?? 0,
      hidden: shape.hidden_size ?? 0,
      intermediate: shape.intermediate_size ?? 0,
      heads: shape.num_attention_heads ?? 0,
      keyValueHeads: shape.num_key_value_heads ?? 0,
      vocabulary: shape.vocab_size ?? 0,
    };
    const { records } = read(`test/fixtures/mlc/${folder}/tensor-cache.json`) as TensorCache;
    expect(buildBytes(architecture, config.quantization)).toBe(
      records.reduce((sum, { nbytes }) => sum + nbytes, 0),
    );
  },
);

test('13B: 26 GB are read, 7.3 GB are kept', () => {
  expect(checkpointBytes(thirteen.architecture) / 1e9).toBeCloseTo(26.03, 2);
  expect(buildBytes(thirteen.architecture, 'q4f16_1') / 1e9).toBeCloseTo(7.32, 2);
  // Half of the numbers' bytes are scales and norms of the same two bytes: weights on the GPU are as large as the files.
  const cache = 40 * (4096 + 16) * 2 * 5120 * 2;
  expect(gpuBytes(thirteen.architecture, 'q4f16_1', 4096)).toBe(
    buildBytes(thirteen.architecture, 'q4f16_1') + cache,
  );
});

test('the largest buffer is a matrix where the context is short, and the cache where it is long', () => {
  expect(largestBufferBytes(thirteen.architecture, 'q4f16_1', 16)).toBe(32000 * 5120 * 0.5);
  expect(largestBufferBytes(thirteen.architecture, 'q4f16_1', 4096)).toBe((4096 + 16) * 2 * 5120 * 2);
});

test.each([
  ['llama2-7b-q4f16_1', 'MetaAligner-UltraFeedback-7B'],
  ['tinyllama-1.1b-q4f32_1', 'MetaAligner-UltraFeedback-1.1B'],
  ['tinyllama-1.1b-q0f16', 'MetaAligner-UltraFeedback-1.1B'],
])("MLC's own plan of the shards has the registry's bytes: %s", (plan, id) => {
  const { quantization, shards } = read(`test/fixtures/mlc/plans/${plan}.json`) as {
    quantization: Quantization;
    shards: { nbytes: number }[];
  };
  const model = registry.models.find((entry) => entry.id === id);
  if (!model) throw new Error(`The registry has no ${id}.`);
  expect(buildBytes(model.architecture, quantization)).toBe(
    shards.reduce((sum, { nbytes }) => sum + nbytes, 0),
  );
});
