import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainName } from '../../../src/weights/build.ts';
import { WeightError } from '../../../src/weights/errors.ts';
import { checkContent, readTensorCache, readTokenizerName } from '../../../src/weights/manifest.ts';
import { syntheticBuild } from '../../e2e/synthetic-build.ts';

const encode = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const read = (value: unknown) => readTensorCache(encode(value), 'tensor-cache.json');
const tensor = { name: 'w', shape: [2], dtype: 'float16', format: 'f32-to-bf16', nbytes: 4, byteOffset: 0 };
const shard = {
  dataPath: 'params_shard_0.bin',
  format: 'raw-shard',
  nbytes: 4,
  md5sum: '0123456789ABCDEF0123456789abcdef',
  records: [tensor],
};

describe('readTensorCache', () => {
  it('reads names, sizes and checksums', () => {
    expect(read({ metadata: {}, records: [shard] })).toEqual([
      { name: 'params_shard_0.bin', nbytes: 4, md5: '0123456789abcdef0123456789abcdef' },
    ]);
    const { files, shards } = syntheticBuild([100, 200]);
    const content = files.get('tensor-cache.json') ?? Buffer.alloc(0);
    expect(readTensorCache(content, 'tensor-cache.json').map(({ name }) => name)).toEqual(shards);
  });

  it.each([
    ['no records', {}, /records/],
    ['an empty list', { records: [] }, /at least one shard/],
    ['a size of zero', { records: [{ ...shard, nbytes: 0 }] }, /records\.0\.nbytes/],
    ['a size that is no whole number', { records: [{ ...shard, nbytes: 4.5 }] }, /records\.0\.nbytes/],
    ['a size as text', { records: [{ ...shard, nbytes: '4' }] }, /records\.0\.nbytes/],
    ['a size of petabytes', { records: [{ ...shard, nbytes: 2 ** 52 }] }, /records\.0\.nbytes/],
    ['a total of terabytes', { records: manyShards(200, 2 ** 31) }, /more than any model has/],
    [
      'a tensor past the end',
      { records: [{ ...shard, records: [{ ...tensor, byteOffset: 1 }] }] },
      /"w" ends after/,
    ],
    [
      'a negative offset',
      { records: [{ ...shard, records: [{ ...tensor, byteOffset: -1 }] }] },
      /byteOffset/,
    ],
    ['an unknown shard format', { records: [{ ...shard, format: 'gzip' }] }, /records\.0\.format/],
    [
      'an unknown tensor format',
      { records: [{ ...shard, records: [{ ...tensor, format: 'q8' }] }] },
      /format/,
    ],
    ['half a checksum', { records: [{ ...shard, md5sum: 'abc' }] }, /md5sum.*32 hexadecimal/],
    ['the same shard twice', { records: [shard, shard] }, /listed twice/],
    ['a path', { records: [{ ...shard, dataPath: '../x.bin' }] }, /dataPath.*plain file name/],
  ])('refuses %s and names the field', (_, value, message) => {
    expect(() => read(value)).toThrow(message);
    expect(() => read(value)).toThrow(WeightError);
  });

  it('tells a web page, broken JSON and bytes that are not UTF-8 from a manifest', () => {
    expect(() => read(' <!DOCTYPE html>')).toThrow(/a web page instead of JSON/);
    expect(() => read('{"records": [')).toThrow(/not JSON/);
    expect(() => readTensorCache(new Uint8Array([0x22, 0xff, 0x22]), 'tensor-cache.json')).toThrow(
      /not JSON/,
    );
  });

  it('whatever it takes is safe to fetch and to read', () => {
    const anyShard = fc.record({
      dataPath: fc.oneof(fc.string(), fc.constantFrom('a.bin', 'b.bin', '../a.bin', '/a', 'https://a/b')),
      format: fc.constantFrom('raw-shard', 'zip'),
      nbytes: fc.oneof(fc.integer(), fc.double(), fc.constantFrom(1, 8, 2 ** 53)),
      md5sum: fc.option(fc.constantFrom('0'.repeat(32), 'x'), { nil: undefined }),
      records: fc.array(
        fc.record({
          name: fc.string(),
          format: fc.constantFrom('raw', 'f32-to-bf16'),
          nbytes: fc.oneof(fc.nat(10), fc.integer()),
          byteOffset: fc.oneof(fc.nat(10), fc.integer()),
        }),
      ),
    });
    fc.assert(
      fc.property(fc.array(anyShard, { maxLength: 4 }), (records) => {
        let shards;
        try {
          shards = read({ records });
        } catch (error) {
          expect(error).toBeInstanceOf(WeightError);
          return;
        }
        expect(shards.length).toBe(records.length);
        expect(new Set(shards.map(({ name }) => name)).size).toBe(shards.length);
        for (const { name, nbytes } of shards) {
          expect(isPlainName(name)).toBe(true);
          expect(Number.isSafeInteger(nbytes) && nbytes > 0).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('readTokenizerName', () => {
  const config = { context_window_size: 2048, conv_template: {} };
  const name = (files: unknown) =>
    readTokenizerName(encode({ ...config, tokenizer_files: files }), 'mlc-chat-config.json');

  it('finds the one file that the engine reads', () => {
    expect(name(['tokenizer_config.json', 'tokenizer.model', 'tokenizer.json'])).toBe('tokenizer.json');
    expect(name(['tokenizer.model'])).toBe('tokenizer.model');
    expect(() => name(['vocab.json'])).toThrow(/names neither tokenizer\.json nor tokenizer\.model/);
    expect(() => name('tokenizer.json')).toThrow(/tokenizer_files/);
  });

  it('refuses a configuration without a context window', () => {
    expect(() => readTokenizerName(encode({ tokenizer_files: [] }), 'mlc-chat-config.json')).toThrow(
      /context_window_size/,
    );
  });
});

describe('checkContent', () => {
  it('judges a file by its kind', () => {
    expect(() => {
      checkContent(encode('{}'), 'tokenizer.json');
    }).not.toThrow();
    expect(() => {
      checkContent(encode('\0asm....'), 'm.wasm');
    }).not.toThrow();
    expect(() => {
      checkContent(encode('<html>'), 'm.wasm');
    }).toThrow(/m\.wasm the server sent a web page instead of WebAssembly/);
    expect(() => {
      checkContent(encode(''), 'm.wasm');
    }).toThrow(/not WebAssembly/);
  });
});

function manyShards(count: number, nbytes: number) {
  return Array.from({ length: count }, (_, i) => ({ ...shard, dataPath: `params_shard_${i}.bin`, nbytes }));
}
