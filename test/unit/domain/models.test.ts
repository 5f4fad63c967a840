import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { prebuiltAppConfig } from '@mlc-ai/web-llm';
import { expect, test } from 'vitest';
import registry from '../../../model-config/models.json';
import { buildId, libraryAddress, mergeRegistries, readRegistry } from '../../../src/domain/models.ts';

const demo = registry.models[0];

test('the shipped registry is sound and begins with the demo', () => {
  const { models, problems } = readRegistry(registry);
  expect(problems).toEqual([]);
  expect(models[0]).toMatchObject({ id: 'demo', demo: true });
  // Eight are published; each has a checkpoint and the libraries that WebLLM publishes for its shape.
  const published = models.filter(({ demo: isDemo }) => !isDemo);
  expect(published).toHaveLength(8);
  // LLaMA-2's tokenizer is where WebLLM itself reads it for its own build of LLaMA-2.
  const folder = prebuiltAppConfig.model_list.find(
    ({ model_id }) => model_id === 'Llama-2-7b-chat-hf-q4f16_1-MLC',
  );
  for (const { id, checkpoint, tokenizer, builds } of published) {
    expect(checkpoint?.repository).toBe(`MetaAligner/${id}`);
    expect(tokenizer).toBe(`${folder?.model}/resolve/main/tokenizer.json`);
    for (const { library, quantization } of builds) {
      const address = libraryAddress({ library }, 'https://libraries.example/v1/');
      expect(address).toMatch(/^https:\/\/libraries\.example\/v1\/.*-webgpu\.wasm$/);
      expect(address).toContain(quantization);
    }
  }
});

test('the demo’s checksums are those of the files that ship', () => {
  const [{ library, libraryBytes, sha256 = {} } = { library: '' }] =
    readRegistry(registry).models[0]?.builds ?? [];
  expect(Object.keys(sha256)).toContain('tensor-cache.json');
  for (const [name, digest] of Object.entries(sha256)) {
    const content = readFileSync(new URL(`../../../public/models/demo/${name}`, import.meta.url));
    expect(createHash('sha256').update(content).digest('hex'), name).toBe(digest);
    if (library.endsWith(name)) expect(content.length).toBe(libraryBytes);
  }
});

test.each([
  [{ ...demo, family: 'Other' }, 'model "demo": field "family"'],
  [{ ...demo, contextWindow: 0 }, 'model "demo": field "contextWindow"'],
  [{ ...demo, builds: [{ ...demo?.builds[0], library: 'x.js' }] }, 'field "builds.0.library"'],
  [{ ...demo, colour: 'red' }, 'field "colour"'],
  [{ ...demo, architecture: { ...demo?.architecture, heads: 5 } }, 'field "architecture"'],
  [{ ...demo, checkpoint: { repository: 'https://hub/x/y' } }, 'field "checkpoint.repository"'],
  [
    { ...demo, builds: [{ ...demo?.builds[0], requiredLimits: { maxBuffers: 1 } }] },
    'requiredLimits.maxBuffers',
  ],
  [{ ...demo, tokenizer: 'https://hub/x/y' }, 'field "tokenizer"'],
  [{ ...demo, id: '../demo' }, 'field "id"'],
  ['nonsense', 'entry 1'],
])('a faulty entry is named with its field, and the others load', (faulty, message) => {
  const { models, problems } = readRegistry({ models: [faulty, { ...demo, id: 'other' }] });
  expect(models.map(({ id }) => id)).toEqual(['other']);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});

test('two entries with one id: the second is refused', () => {
  const { models, problems } = readRegistry({ models: [demo, demo] });
  expect(models).toHaveLength(1);
  expect(problems[0]).toContain('"id"');
});

test('a file that is no registry at all says so', () => {
  expect(readRegistry([1]).problems[0]).toContain('models.json');
});

test('a second registry adds entries and replaces those of the same id where they stand', () => {
  const shipped = readRegistry(registry);
  const host = readRegistry(
    {
      models: [
        { ...demo, name: 'Our demo' },
        { ...demo, id: 'ours', name: 'Ours' },
        { ...demo, id: 'faulty', family: 1 },
      ],
    },
    'the host',
  );
  const { models, problems } = mergeRegistries(shipped, host);
  expect(models[0]?.name).toBe('Our demo');
  expect(models.at(-1)?.name).toBe('Ours');
  expect(models).toHaveLength(shipped.models.length + 1);
  expect(problems).toEqual([expect.stringMatching(/^the host: model "faulty": field "family"/)]);
});

test('a library of its own is left as it is; builds of one model have names of their own', () => {
  expect(libraryAddress({ library: 'models/x.wasm' }, 'https://libraries.example/')).toBe('models/x.wasm');
  expect(buildId({ id: 'demo' }, { quantization: 'q4f32_1' })).toBe('demo-q4f32_1');
});
