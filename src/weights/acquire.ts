import {
  type Build,
  type BuildFile,
  type BuildSource,
  CONFIG_FILE,
  isPlainName,
  revisionOf,
  TENSOR_CACHE_FILE,
  totalBytes,
} from './build.ts';
import { sha256 } from './digest.ts';
import { WeightError } from './errors.ts';
import { FileWriter } from './file-writer.ts';
import type { Patience } from './http.ts';
import { checkContent, readTensorCache, readTokenizerName } from './manifest.ts';
import { type Progress, ProgressReport } from './progress.ts';
import { fetchSmall } from './fetch-small.ts';
import { requireRoom } from './room.ts';
import { type BuildStore, isStored } from './store.ts';
import { Pace, transfer } from './transfer.ts';

/**
 * Files fetched at once. One is hashed and written while the other is on the line; each one more adds about 20 MB to
 * the memory that a download takes, and on a local server no speed.
 */
const PARALLEL = 2;

/**
 * When so little is left of a download, an engine may start: it takes about a second for half a gigabyte, and would
 * hold graphics memory for long if it started sooner. Seconds.
 */
const NEARLY_HERE_SECONDS = 10;

export interface AcquireOptions {
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly onProgress: (progress: Progress) => void;
  /** Called with the name of a file as soon as it is whole and verified. */
  readonly onStored: (file: string) => void;
  /** Called once when little is left of a download that takes a while. */
  readonly onNearlyHere: (build: Build) => void;
}

/**
 * Brings a whole build into the store and makes it the one that starts, going on from whatever is there: nothing, an
 * interrupted download, a build with damaged files, an older version. The older version stays until the new one is
 * complete. Throws a WeightError; what was downloaded is kept.
 */
export async function acquire(
  store: BuildStore,
  source: BuildSource,
  options: AcquireOptions,
): Promise<Build> {
  const revision = revisionOf(source);
  const ready = await store.build(source.id, 'ready');
  let build = ready?.converted === true || ready?.revision === revision ? ready : undefined;
  if (!build) {
    options.onProgress({ phase: 'preparing', loaded: 0, total: 0 });
    const pending = await store.build(source.id, 'pending');
    build =
      pending?.revision === revision ? pending : await prepare(store, source, revision, pending, options);
  }
  await fetchMissing(store, build, ready, options);
  await store.setReady(build);
  return build;
}

/** Learns what the build consists of. Stores nothing before it is known to be sound and to fit. */
async function prepare(
  store: BuildStore,
  source: BuildSource,
  revision: string,
  pending: Build | undefined,
  options: AcquireOptions,
): Promise<Build> {
  const library = new URL(source.library).pathname.split('/').at(-1) ?? '';
  if (!isPlainName(library))
    throw new WeightError('bad-manifest', { says: 'library-without-name', address: source.library });
  const small = new Map<string, { file: BuildFile; content: Uint8Array<ArrayBuffer> }>();
  const add = async (name: string, urls: string[]) => {
    const { url, content } = await fetchSmall(urls, name, options);
    const digest = await sha256(content);
    const announced = source.sha256?.[name]?.toLowerCase() ?? digest;
    if (digest !== announced)
      throw new WeightError('bad-file', { says: 'other-version', file: name, found: digest, announced });
    checkContent(content, name);
    small.set(name, { file: { name, url, nbytes: content.byteLength, sha256: digest }, content });
    return content;
  };
  const { weights } = source;
  if (weights === undefined) throw new WeightError('not-stored', { says: 'no-build' });
  const inFolder = (name: string) => new URL(name, weights).href;
  // Older builds have the same file under another name.
  const manifest = await add(TENSOR_CACHE_FILE, [
    inFolder(TENSOR_CACHE_FILE),
    inFolder('ndarray-cache.json'),
  ]);
  const shards = readTensorCache(manifest, TENSOR_CACHE_FILE);
  const config = await add(CONFIG_FILE, [inFolder(CONFIG_FILE)]);
  const tokenizer = readTokenizerName(config, CONFIG_FILE);
  await add(tokenizer, [inFolder(tokenizer)]);
  await add(library, [source.library]);

  const clash = shards.find(({ name }) => small.has(name));
  if (clash)
    throw new WeightError('bad-manifest', {
      says: 'listed-as-shard',
      file: TENSOR_CACHE_FILE,
      shard: clash.name,
    });
  const files = [
    ...[...small.values()].map(({ file }) => file),
    ...shards.map((shard) => {
      const digest = source.sha256?.[shard.name];
      return { ...shard, url: inFolder(shard.name), ...(digest !== undefined && { sha256: digest }) };
    }),
  ];
  const unchecked = files.find(({ md5, sha256: digest }) => md5 === undefined && digest === undefined);
  if (unchecked)
    throw new WeightError('bad-manifest', {
      says: 'no-checksum',
      file: TENSOR_CACHE_FILE,
      shard: unchecked.name,
    });
  await requireRoom(totalBytes(files));
  const build: Build = { id: source.id, revision, library, files };
  if (pending) await store.dropPending(pending);
  await store.setPending(build);
  for (const { file, content } of small.values()) {
    const writer = await FileWriter.resume(store, build, file);
    if (writer.received > 0) await writer.restart();
    await writer.write(content);
    await writer.finish();
  }
  return build;
}

async function fetchMissing(
  store: BuildStore,
  build: Build,
  older: Build | undefined,
  { signal, patience, onProgress, onStored, onNearlyHere }: AcquireOptions,
): Promise<void> {
  const records = await store.files(build.id, build.revision);
  const missing = build.files.filter((file) => !isStored(file, records));
  const [first] = missing;
  if (!first) return;
  if (build.converted === true)
    throw new WeightError('not-stored', { says: 'convert-again', file: first.name });
  const left = missing.reduce((sum, { name, nbytes }) => sum + nbytes - (records.get(name)?.nbytes ?? 0), 0);
  await requireRoom(left);

  let nearlyHere = false;
  const report = new ProgressReport('downloading', totalBytes(build.files), (progress) => {
    onProgress(progress);
    if (nearlyHere || (progress.secondsLeft ?? Infinity) > NEARLY_HERE_SECONDS) return;
    nearlyHere = true;
    onNearlyHere(build);
  });
  for (const file of build.files) if (!missing.includes(file)) report.set(file.name, file.nbytes);
  // One that cannot be had stops the others, which then keep what they have.
  const others = new AbortController();
  const anySignal = AbortSignal.any([signal, others.signal]);
  const pace = new Pace();
  const queue = [...missing];
  const work = async () => {
    for (let file = queue.shift(); file && !anySignal.aborted; file = queue.shift()) {
      const { name } = file;
      if (older && older.revision !== build.revision && (await copyFromOlder(store, older, build, file))) {
        report.set(name, file.nbytes);
        onStored(name);
        continue;
      }
      await transfer(store, build, file, {
        signal: anySignal,
        patience,
        pace,
        onReceived: (bytes) => {
          report.set(name, bytes);
        },
        onWaiting: (waiting) => {
          report.setWaiting(name, waiting);
        },
      });
      onStored(name);
    }
  };
  const stopOthers = (error: unknown) => {
    others.abort(error);
    throw error;
  };
  const results = await Promise.allSettled(Array.from({ length: PARALLEL }, () => work().catch(stopOthers)));
  signal.throwIfAborted();
  others.signal.throwIfAborted();
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** A file that did not change between two versions is not fetched again. */
async function copyFromOlder(
  store: BuildStore,
  older: Build,
  build: Build,
  file: BuildFile,
): Promise<boolean> {
  const same = older.files.find(
    ({ name, nbytes, md5, sha256: digest }) =>
      name === file.name && nbytes === file.nbytes && md5 === file.md5 && digest === file.sha256,
  );
  const blob = same && (await store.open(older.id, older.revision, file.name));
  if (!blob) return false;
  const writer = await FileWriter.resume(store, build, file);
  if (writer.received > 0) await writer.restart();
  try {
    for await (const chunk of blob.stream()) await writer.write(chunk);
    await writer.finish();
    return true;
  } catch (error) {
    if (!(error instanceof WeightError) || error.code === 'no-room') throw error;
    await writer.restart();
    return false;
  }
}
