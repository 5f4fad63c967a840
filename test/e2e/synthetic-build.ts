import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A model build of seeded random bytes: the files that a start needs, by name, with the digests that fit them. */
export interface SyntheticBuild {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly shards: readonly string[];
}

/** Random bytes that are the same in every run (xorshift32). */
export function seededBytes(length: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  for (let i = 0; i < words.length; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

/** Shards of random bytes with one float16 tensor each, as tensor-cache.json lists them; sizes in bytes. */
function randomShards(files: Map<string, Buffer>, sizes: readonly number[], first: number, seed: number) {
  return sizes.map((nbytes, i) => {
    const dataPath = `params_shard_${first + i}.bin`;
    const content = seededBytes(nbytes, seed * 1000 + i);
    files.set(dataPath, content);
    return {
      dataPath,
      format: 'raw-shard',
      nbytes,
      records: [
        {
          name: `layer.${i}`,
          shape: [nbytes / 2],
          dtype: 'float16',
          format: 'f32-to-bf16',
          nbytes,
          byteOffset: 0,
        },
      ],
      md5sum: createHash('md5').update(content).digest('hex'),
    };
  });
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** One float16 tensor for each shard; sizes in bytes. The engine cannot run it. */
export function syntheticBuild(shardSizes: readonly number[], seed = 1): SyntheticBuild {
  const files = new Map<string, Buffer>();
  const records = randomShards(files, shardSizes, 0, seed);
  files.set('tensor-cache.json', json({ metadata: { ParamSize: records.length }, records }));
  files.set(
    'mlc-chat-config.json',
    json({
      tokenizer_files: ['tokenizer.json'],
      context_window_size: 2048,
      conv_template: { name: 'LM' },
      seed,
    }),
  );
  files.set('tokenizer.json', json({ model: { vocab: {} } }));
  files.set(
    'library.wasm',
    Buffer.concat([Buffer.from('\0asm\x01\0\0\0', 'latin1'), seededBytes(5000, seed)]),
  );
  return { files, shards: records.map(({ dataPath }) => dataPath) };
}

/** A build from the disk that the engine runs, made larger by shards that its library does not ask for. */
export function enlargedBuild(
  folder: string,
  library: string,
  shardSizes: readonly number[],
): SyntheticBuild {
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isFile()) files.set(entry.name, readFileSync(join(folder, entry.name)));
  files.set('library.wasm', files.get(library) ?? Buffer.alloc(0));
  files.delete(library);
  const manifest = JSON.parse(files.get('tensor-cache.json')?.toString() ?? '') as {
    records: { dataPath: string }[];
  };
  manifest.records.push(...randomShards(files, shardSizes, manifest.records.length, 1));
  files.set('tensor-cache.json', json(manifest));
  // The files that a start does not need are not part of it.
  const needed = ['mlc-chat-config.json', 'tokenizer.json', 'tensor-cache.json', 'library.wasm'];
  const shards = manifest.records.map(({ dataPath }) => dataPath);
  for (const name of files.keys()) if (![...needed, ...shards].includes(name)) files.delete(name);
  return { files, shards };
}
