import { ConversionError, type ConversionReason } from './errors.ts';
import { PickleCutOff, PickleError } from './pickle-cursor.ts';
import { readPickle, type Pickle } from './pickle.ts';
import type { SourceFile } from './source.ts';
import { DTYPE_BYTES, type TensorEntry } from './tensor.ts';
import {
  isContiguous,
  readStateDictionary,
  readStorage,
  Storage,
  storageBytes,
  TORCH_GLOBALS,
  type TensorView,
} from './torch-state.ts';
import { listZip, locateZipEntry, type ZipEntry } from './zip.ts';

/** LLaMA-2 13B's pickle has about 60 kB. */
const PICKLE_LIMIT = 16 * 2 ** 20;

/** How much of a legacy file is read at first to find its pickles. */
const FIRST_READ = 256 * 2 ** 10;

/** Small reads under way at a time when the parts of a file are located. */
const PARALLEL_READS = 8;

/** First pickle of the format before the zip one, and the format's only version. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_VERSION = 1001;

function bad(file: SourceFile, reason: ConversionReason, cause?: unknown): ConversionError {
  return new ConversionError(
    'bad-pickle',
    {
      file: file.name,
      reason,
      next: 'use-safetensors',
    },
    { cause },
  );
}

/**
 * Reads the table of contents of a file that torch.save wrote: the zip format or the one before it.
 * @returns the tensors in the order of the dictionary
 * @throws ConversionError `bad-pickle` or `bad-archive`; nothing that the file asks for is ever run
 */
export async function readTorchFile(file: SourceFile, signal?: AbortSignal): Promise<TensorEntry[]> {
  const start = await file.read(0, Math.min(4, file.size), signal);
  try {
    const isZip = start[0] === 0x50 && start[1] === 0x4b;
    return isZip ? await readZipFormat(file, signal) : await readLegacyFormat(file, signal);
  } catch (cause) {
    if (cause instanceof PickleError) throw bad(file, cause.reason, cause);
    throw cause;
  }
}

async function readZipFormat(file: SourceFile, signal?: AbortSignal): Promise<TensorEntry[]> {
  const entries = await listZip(file, signal);
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickleName] = pickles;
  const pickle = entries.get(pickleName ?? '');
  if (pickleName === undefined || pickles.length !== 1 || !pickle) {
    throw bad(file, { says: 'no-pickle' });
  }
  if (pickle.size > PICKLE_LIMIT) throw bad(file, { says: 'pickle-too-large', size: pickle.size });
  const folder = pickleName.slice(0, -'data.pkl'.length);
  const order = entries.get(`${folder}byteorder`);
  if (order && order.size <= 16 && (await readEntry(file, order, signal)) !== 'little') {
    throw bad(file, { says: 'big-endian' });
  }
  const bytes = await file.read(await locateZipEntry(file, pickle, signal), pickle.size, signal);
  const { value } = readPickle(bytes, { globals: TORCH_GLOBALS, persistent: readStorage });
  const views = readStateDictionary(value);

  const storages = new Map([...views.values()].map(({ storage }) => [storage.key, storage]));
  const starts = new Map<string, number>();
  await inParallel([...storages.values()], async (storage) => {
    const entry = entries.get(`${folder}data/${storage.key}`);
    if (!entry) throw bad(file, { says: 'storage-missing', key: storage.key });
    if (entry.size !== storageBytes(storage)) {
      throw bad(file, {
        says: 'storage-length',
        key: storage.key,
        found: entry.size,
        wanted: storageBytes(storage),
      });
    }
    starts.set(storage.key, await locateZipEntry(file, entry, signal));
  });
  return describe(file, views, starts);
}

async function readEntry(file: SourceFile, entry: ZipEntry, signal?: AbortSignal): Promise<string> {
  return new TextDecoder().decode(
    await file.read(await locateZipEntry(file, entry, signal), entry.size, signal),
  );
}

/** Five pickles (magic number, version, machine, dictionary, keys), then each storage after its count of elements. */
async function readLegacyFormat(file: SourceFile, signal?: AbortSignal): Promise<TensorEntry[]> {
  const storages = new Map<string, Storage>();
  const { pickles, length } = await readLegacyPickles(file, storages, signal);
  const [, , machine, dictionary, keys] = pickles.map(({ value }) => value);
  if (machine instanceof Map && machine.get('little_endian') === false) {
    throw bad(file, { says: 'big-endian' });
  }
  if (!Array.isArray(keys)) throw bad(file, { says: 'storages-missing' });
  const views = readStateDictionary(dictionary ?? null);
  const starts = new Map<string, number>();
  let at = length;
  for (const key of keys as unknown[]) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage) throw bad(file, { says: 'storage-unused', key: String(key) });
    starts.set(storage.key, at + 8);
    at += 8 + storageBytes(storage);
  }
  if (at !== file.size) throw bad(file, { says: 'storages-length', found: at, size: file.size });
  await inParallel([...starts], async ([key, start]) => {
    const count = new DataView((await file.read(start - 8, 8, signal)).buffer).getBigUint64(0, true);
    const expected = storages.get(key)?.count;
    if (count !== BigInt(expected ?? -1))
      throw bad(file, { says: 'storage-count', key, found: count, wanted: expected });
  });
  for (const { storage } of views.values()) {
    if (!starts.has(storage.key)) throw bad(file, { says: 'storage-missing', key: storage.key });
  }
  return describe(file, views, starts);
}

/** @param storages filled with the whole storages that the dictionary refers to */
async function readLegacyPickles(
  file: SourceFile,
  storages: Map<string, Storage>,
  signal?: AbortSignal,
): Promise<{ pickles: Pickle[]; length: number }> {
  const persistent: typeof readStorage = (id) => {
    const storage = readStorage(id);
    storages.set(storage.key, new Storage(storage.dtype, storage.key, storage.whole));
    return storage;
  };
  for (let size = FIRST_READ; ; size *= 4) {
    const bytes = await file.read(0, Math.min(size, file.size), signal);
    const pickles: Pickle[] = [];
    let length = 0;
    try {
      while (pickles.length < 5) {
        const pickle = readPickle(bytes.subarray(length), { globals: TORCH_GLOBALS, persistent });
        if (pickles.length === 0 && pickle.value !== LEGACY_MAGIC) throw notTorch(file);
        if (pickles.length === 1 && pickle.value !== LEGACY_VERSION) throw notTorch(file);
        pickles.push(pickle);
        length += pickle.length;
      }
      return { pickles, length };
    } catch (error) {
      const more = error instanceof PickleCutOff && bytes.length < file.size && size < PICKLE_LIMIT;
      if (error instanceof PickleError && pickles.length === 0) throw notTorch(file);
      if (!more) throw error;
    }
  }
}

function notTorch(file: SourceFile): ConversionError {
  return bad(file, { says: 'not-torch' });
}

function describe(
  file: SourceFile,
  views: ReadonlyMap<string, TensorView>,
  starts: ReadonlyMap<string, number>,
): TensorEntry[] {
  return [...views].map(([name, view]) => {
    const { storage, shape, strides } = view;
    const offset =
      (starts.get(storage.key) ?? 0) + (storage.shift + view.offset) * (DTYPE_BYTES[storage.dtype] ?? 0);
    const entry = { name, dtype: storage.dtype, shape, file, offset };
    return isContiguous(view) ? entry : { ...entry, strides };
  });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += PARALLEL_READS) {
    await Promise.all(items.slice(at, at + PARALLEL_READS).map(work));
  }
}
