import { createMD5, md5 } from 'hash-wasm';
import { ConversionError, type ConversionReason } from '../checkpoint/errors.ts';
import { isJsonObject, readJsonObject, type Source, type SourceFile } from '../checkpoint/source.ts';
import type { ConversionSummary } from './convert.ts';
import type { BuildSink } from './sink.ts';

const TENSOR_CACHE = 'tensor-cache.json';
const CHAT_CONFIG = 'mlc-chat-config.json';

/** Bytes that are copied at a time. */
const COPY_BYTES = 8 * 2 ** 20;

/** Names that a build's files may have; nothing else of a chosen folder is copied. */
const PLAIN_NAME = /^[A-Za-z0-9][\w.-]*$/;

/** True for a folder with a ready MLC build rather than a checkpoint. */
export function isBuild(source: Source): boolean {
  return source.has(TENSOR_CACHE) && source.has(CHAT_CONFIG);
}

interface CopyHooks {
  signal?: AbortSignal | undefined;
  /** Bytes copied, and bytes of the whole build. */
  onProgress?: ((copied: number, total: number) => void) | undefined;
}

interface Wanted {
  file: SourceFile;
  /** Hexadecimal, where the build announces it. */
  md5: string | undefined;
}

/**
 * Copies a ready MLC build, checking each shard against size and MD5 in its tensor-cache.json.
 * @throws ConversionError naming the file that is missing or damaged; nothing is finished then
 */
export async function copyBuild(
  source: Source,
  sink: BuildSink,
  hooks: CopyHooks,
): Promise<ConversionSummary> {
  const { signal } = hooks;
  const shards = await listShards(source, signal);
  const others = (await listOthers(source, signal)).map((file): Wanted => ({ file, md5: undefined }));
  const wanted = [...shards, ...others];
  const total = wanted.reduce((sum, { file }) => sum + file.size, 0);
  const fingerprint = await md5(
    JSON.stringify(wanted.map(({ file, md5: hash }) => [file.name, file.size, file.version, hash])),
  );
  const whole = await sink.begin(fingerprint, total);
  let copied = 0;
  for (const { file, md5: expected } of wanted) {
    if (!whole.has(file.name)) {
      await copyFile(file, expected, sink, signal, (bytes) => hooks.onProgress?.(copied + bytes, total));
    }
    copied += file.size;
    hooks.onProgress?.(copied, total);
  }
  await sink.finish();
  return {
    nbytes: total,
    shards: shards.length,
    resumedShards: shards.filter(({ file }) => whole.has(file.name)).length,
  };
}

function bad(file: string, reason: ConversionReason): ConversionError {
  return new ConversionError('bad-file', { file, reason, next: 'copy-whole' });
}

function find(source: Source, name: unknown, from: string | undefined): SourceFile {
  const file = typeof name === 'string' && PLAIN_NAME.test(name) ? source.get(name) : undefined;
  if (file) return file;
  throw new ConversionError('missing-file', {
    file: String(name),
    reason: from === undefined ? { says: 'named-by-every-build' } : { says: 'named-but-missing', by: from },
    next: 'choose-whole-build',
  });
}

async function listShards(source: Source, signal?: AbortSignal): Promise<Wanted[]> {
  const { records } = await readJsonObject(find(source, TENSOR_CACHE, undefined), signal);
  if (!Array.isArray(records) || records.length === 0) throw bad(TENSOR_CACHE, { says: 'no-shards' });
  return records.map((record: unknown) => {
    if (!isJsonObject(record)) throw bad(TENSOR_CACHE, { says: 'not-a-shard' });
    const file = find(source, record.dataPath, TENSOR_CACHE);
    if (record.nbytes !== file.size) {
      throw bad(file.name, { says: 'announced-length', size: file.size, announced: String(record.nbytes) });
    }
    return { file, md5: typeof record.md5sum === 'string' ? record.md5sum.toLowerCase() : undefined };
  });
}

/** Tokenizer and configuration; tensor-cache.json last, because without it nothing takes the files for a build. */
async function listOthers(source: Source, signal?: AbortSignal): Promise<SourceFile[]> {
  const config = find(source, CHAT_CONFIG, undefined);
  const { tokenizer_files: names } = await readJsonObject(config, signal);
  if (!Array.isArray(names) || names.length === 0) throw bad(CHAT_CONFIG, { says: 'no-tokenizer-files' });
  const b16 = source.get('tensor-cache-b16.json');
  return [
    ...names.map((name: unknown) => find(source, name, CHAT_CONFIG)),
    config,
    ...(b16 ? [b16] : []),
    find(source, TENSOR_CACHE, undefined),
  ];
}

async function copyFile(
  file: SourceFile,
  expected: string | undefined,
  sink: BuildSink,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const hash = (await createMD5()).init();
  const writer = await sink.create(file.name);
  let memory: ArrayBuffer | undefined;
  try {
    for (let at = 0; at < file.size; at += COPY_BYTES) {
      const bytes = await file.read(at, Math.min(COPY_BYTES, file.size - at), signal, memory);
      memory = bytes.buffer;
      hash.update(bytes);
      await writer.write(bytes);
      onBytes(Math.min(file.size, at + COPY_BYTES));
    }
    const found = hash.digest('hex');
    if (expected !== undefined && found !== expected) {
      throw bad(file.name, { says: 'other-md5', found, announced: expected });
    }
    await writer.commit(found);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
