import { createHash } from 'node:crypto';

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

/** One float16 tensor for each shard; sizes in bytes. */
export function syntheticBuild(shardSizes: readonly number[], seed = 1): SyntheticBuild {
  const files = new Map<string, Buffer>();
  const records = shardSizes.map((nbytes, i) => {
    const dataPath = `params_shard_${i}.bin`;
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
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
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
