import * as v from 'valibot';
import type { Told } from '../domain/texts/told.ts';
import type { manifestEn } from '../domain/texts/weights.en.ts';
import { isPlainName } from './build.ts';
import { WeightError } from './errors.ts';

/** Larger than any shard that MLC writes for the published models; above it the manifest is taken to be wrong. */
const MAX_SHARD_BYTES = 2 ** 31;
/** A 70B model in float16 has 140 GB: whatever claims more is a mistake. */
const MAX_TOTAL_BYTES = 2 ** 38;

const bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(MAX_SHARD_BYTES));

const TensorCacheSchema = v.object({
  records: v.pipe(
    v.array(
      v.object({
        dataPath: v.pipe(
          v.string(),
          v.check(isPlainName, 'must be a plain file name, without folder or address'),
        ),
        format: v.literal('raw-shard'),
        nbytes: bytes,
        md5sum: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{32}$/, 'must be 32 hexadecimal digits'))),
        records: v.array(
          v.object({
            name: v.string(),
            format: v.picklist(['f32-to-bf16', 'raw']),
            nbytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
            byteOffset: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
          }),
        ),
      }),
    ),
    v.minLength(1, 'must list at least one shard'),
  ),
});

const ChatConfigSchema = v.looseObject({
  tokenizer_files: v.array(v.string()),
  context_window_size: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  conv_template: v.looseObject({}),
});

/** One shard as tensor-cache.json announces it; sizes in bytes, md5 in hex where given. */
export interface Shard {
  readonly name: string;
  readonly nbytes: number;
  readonly md5?: string;
}

/** Reads tensor-cache.json. Throws a WeightError that names the field when it cannot be right. */
export function readTensorCache(content: Uint8Array, file: string): Shard[] {
  const { records } = parse(TensorCacheSchema, content, file);
  const names = new Set<string>();
  let total = 0;
  for (const [index, shard] of records.entries()) {
    if (names.has(shard.dataPath))
      throw bad(file, {
        says: 'listed-twice',
        field: `records[${index}].dataPath`,
        shard: shard.dataPath,
      });
    names.add(shard.dataPath);
    total += shard.nbytes;
    for (const { name, nbytes, byteOffset } of shard.records)
      if (byteOffset + nbytes > shard.nbytes)
        throw bad(file, {
          says: 'beyond-shard',
          field: `records[${index}]`,
          tensor: name,
          shard: shard.dataPath,
        });
  }
  if (total > MAX_TOTAL_BYTES) throw bad(file, { says: 'too-large', total });
  return records.map(({ dataPath, nbytes, md5sum }) => ({
    name: dataPath,
    nbytes,
    ...(md5sum !== undefined && { md5: md5sum.toLowerCase() }),
  }));
}

/** Reads mlc-chat-config.json and returns the one tokenizer file that the engine will ask for. */
export function readTokenizerName(content: Uint8Array, file: string): string {
  const { tokenizer_files: names } = parse(ChatConfigSchema, content, file);
  // The engine's own order of preference; it reads no other tokenizer file.
  const name = ['tokenizer.json', 'tokenizer.model'].find((known) => names.includes(known));
  if (name === undefined) throw bad(file, { says: 'no-tokenizer' });
  return name;
}

/** Checks the first bytes of a file whose kind is known by its name: JSON must parse, a library must be WebAssembly. */
export function checkContent(content: Uint8Array, file: string): void {
  if (file.endsWith('.json')) parse(v.unknown(), content, file);
  else if (file.endsWith('.wasm') && !['\0asm'].includes(latin1(content.subarray(0, 4))))
    throw wrongContent(file, content, 'WebAssembly');
}

function parse<const S extends v.GenericSchema>(
  schema: S,
  content: Uint8Array,
  file: string,
): v.InferOutput<S> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    throw wrongContent(file, content, 'JSON');
  }
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw bad(file, { says: 'field', field: v.getDotPath(issue) ?? undefined, detail: issue.message });
}

function bad(file: string, fault: Told<typeof manifestEn>): WeightError {
  return new WeightError('bad-manifest', { says: 'bad-manifest', file, fault });
}

function wrongContent(file: string, content: Uint8Array, wanted: string): WeightError {
  const start = latin1(content.subarray(0, 200)).trimStart().toLowerCase();
  return new WeightError('wrong-content', {
    says: 'wrong-content',
    file,
    page: start.startsWith('<'),
    wanted,
  });
}

function latin1(content: Uint8Array): string {
  return String.fromCharCode(...content);
}
