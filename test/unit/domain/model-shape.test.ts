import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import registry from '../../../model-config/models.json';
import {
  makeEntry,
  readBuildShape,
  readCheckpointShape,
  shapeDifference,
  type Shape,
  type ShapeReading,
} from '../../../src/domain/model-shape.ts';
import { readRegistry, type Model } from '../../../src/domain/models.ts';

const { models } = readRegistry(registry);

function read(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'));
}

function shapeOf(reading: ShapeReading): Shape {
  if (!reading.ok) throw new Error(reading.problem);
  return reading.shape;
}

function model(id: string): Model {
  const found = models.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`The registry has no ${id}.`);
  return found;
}

const demoBuild = shapeOf(readBuildShape(read('public/models/demo/mlc-chat-config.json')));
const demoCheckpoint = shapeOf(readCheckpointShape(read('model-config/demo/config.json')));

describe('what a configuration says', () => {
  test('the demo by its build and by its checkpoint is the demo of the registry', () => {
    expect(demoBuild.quantization).toBe('q4f32_1');
    expect(demoCheckpoint.quantization).toBeUndefined();
    for (const shape of [demoBuild, demoCheckpoint]) {
      expect(shape.architecture).toEqual(model('demo').architecture);
      expect(shape.contextWindow).toBe(2048);
      expect(shapeDifference(model('demo'), shape)).toBeUndefined();
    }
  });

  test('without grouped heads, every head has its own keys', () => {
    const { num_key_value_heads: _, ...config } = read('model-config/demo/config.json') as Record<
      string,
      number
    >;
    expect(shapeOf(readCheckpointShape(config)).architecture.keyValueHeads).toBe(6);
  });

  test.each([
    [{ model_type: 'gpt2' }, 'field "model_type"'],
    [{ quantization: 'q3f16_1' }, 'field "quantization"'],
    [{ model_config: { hidden_size: -1 } }, 'field "model_config.hidden_size"'],
  ])('what is no LLaMA build is named by its field', (change, problem) => {
    const reading = readBuildShape({
      ...(read('public/models/demo/mlc-chat-config.json') as object),
      ...change,
    });
    expect(reading).toMatchObject({ ok: false });
    expect(reading.ok ? '' : reading.problem).toContain(problem);
  });
});

describe('whether weights can be those of a model', () => {
  const seven = model('MetaAligner-IMHI-7B');
  const padded = { ...seven.architecture, vocabulary: 32001 };

  test('a field that differs is named', () => {
    expect(shapeDifference(seven, demoCheckpoint)).toEqual({
      field: 'num_hidden_layers',
      found: 6,
      wanted: 32,
    });
  });

  test("a checkpoint's added tokens are cut, but a build has none to cut", () => {
    expect(shapeDifference(seven, { architecture: padded, contextWindow: 4096 })).toBeUndefined();
    expect(
      shapeDifference(seven, { architecture: padded, contextWindow: 4096, quantization: 'q4f16_1' }),
    ).toMatchObject({ field: 'vocab_size', found: 32001 });
  });
});

describe('the entry for an added model', () => {
  const seven = model('MetaAligner-IMHI-7B');
  const base = { id: 'mine', name: 'Mine', family: 'IMHI' } as const;

  test('a build gets the library of a known model of its shape and quantisation', () => {
    const shape: Shape = {
      architecture: seven.architecture,
      contextWindow: 2048,
      quantization: 'q4f16_1',
    };
    const entry = makeEntry({ ...base, shape, from: { weights: 'https://host/build/' } }, models);
    expect(entry?.builds).toEqual([
      { ...seven.builds[0], weights: 'https://host/build/', requiredLimits: undefined },
    ]);
    expect(entry?.contextWindow).toBe(2048);
    expect(readRegistry({ models: [entry] }).problems).toEqual([]);
  });

  test('a checkpoint can become every build that has a library', () => {
    const shape: Shape = { architecture: seven.architecture, contextWindow: 4096 };
    const entry = makeEntry({ ...base, shape, from: { repository: 'me/mine' } }, models);
    expect(entry?.builds.map(({ quantization }) => quantization)).toEqual(['q4f16_1', 'q4f32_1']);
    expect(entry?.checkpoint).toEqual({ repository: 'me/mine' });
    // Models of one shape are made from one base, and that has the tokenizer.
    expect(entry?.tokenizer).toBe(seven.tokenizer);
  });

  test('an unknown shape needs a library of its own', () => {
    const shape: Shape = {
      architecture: { ...seven.architecture, layers: 3 },
      contextWindow: 4096,
      quantization: 'q4f16_1',
    };
    const from = { weights: 'https://host/build/' };
    expect(makeEntry({ ...base, shape, from }, models)).toBeUndefined();
    const entry = makeEntry({ ...base, shape, from, library: 'https://host/x.wasm' }, models);
    expect(entry?.builds).toEqual([
      {
        quantization: 'q4f16_1',
        library: 'https://host/x.wasm',
        weights: 'https://host/build/',
        requiredFeatures: ['shader-f16'],
      },
    ]);
  });
});
