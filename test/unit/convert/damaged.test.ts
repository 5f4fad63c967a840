import { describe, expect, test } from 'vitest';
import { blobFile } from '../../../src/weights/checkpoint/blob-source.ts';
import { ConversionError } from '../../../src/weights/checkpoint/errors.ts';
import { readSafetensorsHeader } from '../../../src/weights/checkpoint/safetensors.ts';
import type { Source, SourceFile } from '../../../src/weights/checkpoint/source.ts';
import { convert } from '../../../src/weights/convert/convert.ts';
import { inlinePool } from './inline-pool.ts';
import { MemorySink } from './memory-sink.ts';
import {
  CONFIG,
  safetensors,
  source,
  tensorFile,
  tinyCheckpoint,
  tinyTensors,
  type Tensors,
} from './tiny-checkpoint.ts';

/** The error of a conversion that must fail, after checking that nothing was left as done. */
async function failure(checkpoint: Source, options: { vocabSize?: number } = {}): Promise<ConversionError> {
  const sink = new MemorySink();
  const error: unknown = await convert(
    checkpoint,
    sink,
    { quantisation: 'q4f16_1', ...options },
    { pool: inlinePool },
  ).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConversionError);
  expect(sink.finished).toBe(false);
  expect(sink.files.has('tensor-cache.json')).toBe(false);
  return error as ConversionError;
}

describe('safetensors headers', () => {
  const four = new Uint8Array(4);
  const entry = { dtype: 'F16', shape: [2], data_offsets: [0, 4] };

  async function readHeader(blob: Blob): Promise<unknown> {
    return readSafetensorsHeader(blobFile('model.safetensors', blob));
  }

  test('a right one is read', async () => {
    await expect(
      readHeader(safetensors({ __metadata__: { a: 'b' }, w: entry }, four)),
    ).resolves.toMatchObject([{ name: 'w', dtype: 'F16', shape: [2] }]);
  });

  test('names of megabytes are read, and found when they come twice', async () => {
    const name = 'n"\\'.repeat(1_000_000);
    await expect(readHeader(safetensors({ [name]: entry }, four))).resolves.toMatchObject([{ name }]);
    const twice = `{${JSON.stringify(name)} :${JSON.stringify(entry)},${JSON.stringify(name)}:{}}`;
    await expect(readHeader(safetensors(twice, four))).rejects.toThrow(/has the key .* twice/);
  });

  test.each<[string, Blob, RegExp]>([
    ['an empty file', new Blob([]), /0 bytes, too few/],
    [
      'a length beyond the file',
      new Blob([Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255)]),
      /claims 18446744073709551615 bytes/,
    ],
    [
      'a cut-off header',
      safetensors({ w: entry }, four).slice(0, 20),
      /claims \d+ bytes, but only 12 follow/,
    ],
    [
      'a cut-off body',
      safetensors({ w: entry }, four.slice(1)),
      /tensor w: Its data_offsets \[0, 4\] lie outside/,
    ],
    [
      'bytes that no tensor owns',
      safetensors({ w: entry }, new Uint8Array(5)),
      /describes \d+ bytes, but the file has/,
    ],
    ['text that is not JSON', safetensors('{"w":', four), /not valid JSON/],
    ['JSON that is not an object', safetensors('[]', four), /not a JSON object/],
    [
      'a key twice',
      safetensors(`{"w":${JSON.stringify(entry)},"w":${JSON.stringify(entry)}}`, four),
      /the key "w" twice/,
    ],
    [
      'a key twice, escaped',
      safetensors(`{"w":${JSON.stringify(entry)},"\\u0077":${JSON.stringify(entry)}}`, four),
      /the key "w" twice/,
    ],
    [
      'a field twice',
      safetensors('{"w":{"dtype":"F16","shape":[2],"shape":[2],"data_offsets":[0,4]}}', four),
      /the key "shape" twice/,
    ],
    [
      'an unknown number format',
      safetensors({ w: { ...entry, dtype: 'F17' } }, four),
      /tensor w: Its number format "F17" is unknown/,
    ],
    [
      'a name that every object has for a number format',
      safetensors({ w: { ...entry, dtype: 'constructor' } }, four),
      /number format "constructor" is unknown/,
    ],
    [
      'no number format',
      safetensors({ w: { ...entry, dtype: undefined } }, four),
      /number format undefined is unknown/,
    ],
    ['a negative size', safetensors({ w: { ...entry, shape: [-2] } }, four), /shape is not a list of sizes/],
    [
      'sizes that overflow',
      safetensors({ w: { ...entry, shape: [2 ** 40, 2 ** 40, 0] } }, four),
      /doesn't fill/,
    ],
    [
      'offsets in the wrong order',
      safetensors({ w: { ...entry, data_offsets: [4, 0] } }, four),
      /lie outside/,
    ],
    ['one offset', safetensors({ w: { ...entry, data_offsets: [0] } }, four), /not two positions/],
    [
      'a shape that is not as long as the data',
      safetensors({ w: { ...entry, shape: [3] } }, four),
      /doesn't fill its 4 bytes/,
    ],
    [
      'overlapping tensors',
      safetensors({ v: entry, w: { ...entry, data_offsets: [2, 6] } }, new Uint8Array(6)),
      /tensor w: Its data overlaps/,
    ],
    [
      'a gap',
      safetensors({ v: entry, w: { ...entry, data_offsets: [6, 10] } }, new Uint8Array(10)),
      /tensor w: There is a gap/,
    ],
  ])('%s is refused', async (_, blob, message) => {
    await expect(readHeader(blob)).rejects.toThrow(message);
    await expect(readHeader(blob)).rejects.toMatchObject({
      code: 'bad-header',
      details: { file: 'model.safetensors' },
    });
  });

  test('a header of 100 MB is refused before it is read', async () => {
    const reads: number[] = [];
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setBigUint64(0, 100_000_000n, true);
    const huge: SourceFile = {
      name: 'model.safetensors',
      size: 2e8,
      version: '',
      read: (_, length) => {
        reads.push(length);
        return Promise.resolve(prefix.slice(0, length));
      },
    };
    await expect(readSafetensorsHeader(huge)).rejects.toThrow(
      /claims 100000000 bytes; more than 16777216 are not read/,
    );
    expect(reads).toEqual([8]);
  });
});

describe('checkpoints', () => {
  const without = (name: string): Tensors =>
    Object.fromEntries(Object.entries(tinyTensors()).filter(([key]) => key !== name));
  const norm = 'model.layers.1.input_layernorm.weight';

  test.each<[string, () => Source, RegExp, string]>([
    [
      'no config.json',
      () => source({ 'model.safetensors': tensorFile(tinyTensors()) }),
      /^config\.json: The checkpoint has no such file/,
      'missing-file',
    ],
    [
      'a config.json that is not JSON',
      () => source({ 'config.json': new Blob(['<html>']) }),
      /^config\.json: The file is not valid JSON/,
      'bad-file',
    ],
    [
      'another architecture',
      () => tinyCheckpoint({ config: { model_type: 'mistral' } }),
      /model_type is "mistral", not "llama"/,
      'bad-config',
    ],
    ['no model type', () => source({ 'config.json': {} }), /model_type is missing/, 'bad-config'],
    [
      'weights with bias',
      () => tinyCheckpoint({ config: { attention_bias: true } }),
      /attention_bias is true/,
      'bad-config',
    ],
    [
      'quantised weights',
      () => tinyCheckpoint({ config: { quantization_config: { bits: 4 } } }),
      /quantised already/,
      'bad-config',
    ],
    [
      'a size that is a text',
      () => tinyCheckpoint({ config: { hidden_size: '48' } }),
      /hidden_size is "48"; a positive whole number/,
      'bad-config',
    ],
    [
      'an absurd size',
      () => tinyCheckpoint({ config: { vocab_size: 1e12 } }),
      /vocab_size is 1000000000000/,
      'bad-config',
    ],
    [
      'more layers than any model has',
      () => tinyCheckpoint({ config: { num_hidden_layers: 2 ** 24 } }),
      /num_hidden_layers is 16777216/,
      'bad-config',
    ],
    [
      'heads that do not divide',
      () => tinyCheckpoint({ config: { num_attention_heads: 5 } }),
      /48 is not a multiple of num_attention_heads 5/,
      'bad-config',
    ],
    [
      'an unknown rope scaling',
      () => tinyCheckpoint({ config: { rope_scaling: { rope_type: 'yarn' } } }),
      /rope_type is "yarn"/,
      'bad-config',
    ],
    [
      'what Git LFS leaves of a file',
      () =>
        source({
          'config.json': CONFIG,
          'model.safetensors': new Blob([
            `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 2200119864\n`,
          ]),
        }),
      /^model\.safetensors: It is not the file itself but what Git LFS leaves/,
      'bad-file',
    ],
    [
      'no weights',
      () => source({ 'config.json': CONFIG }),
      /No weights found: none of model\.safetensors\.index\.json/,
      'missing-file',
    ],
    [
      'a missing shard',
      () =>
        source({
          'config.json': CONFIG,
          'model.safetensors.index.json': { weight_map: { w: '../w.safetensors' } },
        }),
      /^\.\.\/w\.safetensors: The file is named in model\.safetensors\.index\.json but is not there/,
      'missing-file',
    ],
    [
      'an index without weight_map',
      () => source({ 'config.json': CONFIG, 'model.safetensors.index.json': {} }),
      /weight_map is missing or empty/,
      'bad-file',
    ],
    [
      'an index that lies',
      () =>
        source({
          'config.json': CONFIG,
          'model.safetensors.index.json': { weight_map: { w: 'a' } },
          a: tensorFile(tinyTensors()),
        }),
      /^a, tensor w: model\.safetensors\.index\.json places the tensor in this file/,
      'missing-tensor',
    ],
    [
      'a missing tensor',
      () => tinyCheckpoint({ tensors: without(norm) }),
      /tensor model\.layers\.1\.input_layernorm\.weight: The model needs this tensor/,
      'missing-tensor',
    ],
    [
      'a wrong shape',
      () =>
        tinyCheckpoint({
          tensors: {
            ...tinyTensors(),
            [norm]: { dtype: 'F32', shape: [47], values: Array<number>(47).fill(1) },
          },
        }),
      /tensor model\.layers\.1\.input_layernorm\.weight: Its shape is \[47\], but config\.json asks for \[48\]/,
      'bad-tensor',
    ],
    [
      'too few rows of the vocabulary',
      () => tinyCheckpoint({ tensors: tinyTensors({ vocabulary: 11 }) }),
      /lm_head\.weight: Its shape is \[11, 48\], but config\.json asks for \[12, 48\]|embed_tokens/,
      'bad-tensor',
    ],
    [
      'far too many rows of the vocabulary',
      () => tinyCheckpoint({ tensors: tinyTensors({ vocabulary: 100 }) }),
      /Its shape is \[100, 48\]/,
      'bad-tensor',
    ],
    [
      'F16 and BF16 in one parameter',
      () =>
        tinyCheckpoint({
          tensors: tinyTensors({ dtypeOf: (name) => (name.includes('.k_proj') ? 'BF16' : 'F16') }),
        }),
      /qkv_proj\.weight: .* mix F16 and BF16/,
      'bad-tensor',
    ],
    [
      'a tokenizer for another model',
      () => tinyCheckpoint({ files: { 'tokenizer.json': { model: { vocab: { a: 12 } } } } }),
      /tokenizer\.json: The token "a" has the id 12, but the vocabulary has 12 entries/,
      'bad-tokenizer',
    ],
    [
      'an empty tokenizer',
      () => tinyCheckpoint({ files: { 'tokenizer.json': {} } }),
      /tokenizer\.json: It holds no tokens/,
      'bad-tokenizer',
    ],
  ])('%s: an error that names it', async (_, make, message, code) => {
    const error = await failure(make());
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(error.details.next).not.toBe('');
  });

  test('integers where weights should be', async () => {
    const shape = [48];
    const header = { [norm]: { dtype: 'I32', shape, data_offsets: [0, 192] } };
    const error = await failure(
      source({
        'config.json': CONFIG,
        'one.safetensors': tensorFile(without(norm)),
        'two.safetensors': safetensors(header, new Uint8Array(192)),
        'model.safetensors.index.json': {
          weight_map: {
            ...Object.fromEntries(Object.keys(without(norm)).map((name) => [name, 'one.safetensors'])),
            [norm]: 'two.safetensors',
          },
        },
      }),
    );
    expect(error).toMatchObject({ code: 'bad-tensor', details: { file: 'two.safetensors', tensor: norm } });
  });

  test.each([NaN, Infinity, -Infinity])('%f in the weights: tensor and place are named', async (value) => {
    for (const [name, place] of [
      ['model.layers.1.mlp.up_proj.weight', 'row 2, column 5'],
      ['model.norm.weight', 'element 5'],
    ] as const) {
      const tensors = tinyTensors();
      const tensor = tensors[name] as Tensors[string];
      const values = [...tensor.values];
      values[place === 'element 5' ? 5 : 2 * 48 + 5] = value;
      const error = await failure(tinyCheckpoint({ tensors: { ...tensors, [name]: { ...tensor, values } } }));
      expect(error).toMatchObject({
        code: 'non-finite',
        details: { file: 'model.safetensors', tensor: name },
      });
      expect(error.message).toContain(place);
    }
  });

  test('a vocabulary larger than the checkpoint’s', async () => {
    expect(await failure(tinyCheckpoint(), { vocabSize: 13 })).toMatchObject({ code: 'bad-option' });
  });

  test('a file that shrinks while it is read', async () => {
    const whole = tinyCheckpoint();
    const file = whole.get('model.safetensors') as SourceFile;
    const shrunk = blobFile('model.safetensors', new Blob([await file.read(0, file.size - 100)]));
    const checkpoint = new Map(whole).set('model.safetensors', { ...shrunk, size: file.size });
    expect(await failure(checkpoint)).toMatchObject({
      code: 'read-failed',
      details: { file: 'model.safetensors' },
    });
  });
});
