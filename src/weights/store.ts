import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';
import type { Build, BuildFile } from './build.ts';
import { storageError } from './errors.ts';

/**
 * Everything that a model needs for an offline start, in IndexedDB. The database of the builds holds
 *
 *   ['build', id, 'ready']              Build: complete and verified, the one the engine starts
 *   ['build', id, 'pending']            Build: being fetched; takes the place of the ready one in one transaction
 *
 * and each of the databases of the files, among which the files' names divide them,
 *
 *   ['file', id, revision, name]        FileRecord: how much of the file is here and whether its checksum was right
 *   ['part', id, revision, name, i]     Blob: the i-th stretch of the file
 *
 * A file stays in its parts for good: joining Blobs costs nothing when reading (they are references to disk), while
 * writing a joined one would put every byte on the disk twice. Nothing counts as present unless its record says
 * `verified`, and that is written in one transaction with the last part. What is deleted goes before the build that
 * lists it, so that a crash leaves an incomplete build and no files that nobody knows of.
 */
export interface FileRecord {
  /** Bytes stored so far. */
  readonly nbytes: number;
  readonly parts: number;
  /** True when the file is whole and its checksums were right. */
  readonly verified: boolean;
  /** MD5 (hex) of a file that a conversion made; a downloaded one has its digests in its Build. */
  readonly md5?: string;
}

type Role = 'ready' | 'pending';

/**
 * Writing transactions on one store run one after the other, and one that stores 4 MiB takes mostly waiting (18 ms
 * alone, 25 ms for two side by side), so that two downloads at once need two databases to be faster than one.
 */
const FILE_DATABASES = 2;

export class BuildStore {
  readonly #builds: UseStore;
  readonly #files: readonly UseStore[];

  constructor(databaseName = 'metaaligner-weights') {
    this.#builds = createStore(databaseName, 'entries');
    this.#files = Array.from({ length: FILE_DATABASES }, (_, i) =>
      createStore(`${databaseName}-${i}`, 'entries'),
    );
  }

  async builds(role: Role): Promise<Build[]> {
    const [keys, builds] = await read(this.#builds, (s) =>
      Promise.all([
        promisifyRequest(s.getAllKeys(under('build'))),
        promisifyRequest<Build[]>(s.getAll(under('build'))),
      ]),
    );
    return builds.filter((_, i) => (keys[i] as string[])[2] === role);
  }

  build(id: string, role: Role): Promise<Build | undefined> {
    return read(this.#builds, (s) => promisifyRequest<Build | undefined>(s.get(['build', id, role])));
  }

  /** Records of the files of one build that are here, whole or in part, by name. */
  async files(id: string, revision: string): Promise<Map<string, FileRecord>> {
    const range = under('file', id, revision);
    const all = new Map<string, FileRecord>();
    for (const database of this.#files) {
      const [keys, records] = await read(database, (s) =>
        Promise.all([promisifyRequest(s.getAllKeys(range)), promisifyRequest<FileRecord[]>(s.getAll(range))]),
      );
      for (const [i, record] of records.entries()) all.set((keys[i] as string[])[3] ?? '', record);
    }
    return all;
  }

  /** The verified file as one Blob that refers to the disk, or undefined. */
  async open(id: string, revision: string, name: string): Promise<Blob | undefined> {
    const [record, parts] = await read(this.#databaseOf(name), (s) =>
      Promise.all([
        promisifyRequest<FileRecord | undefined>(s.get(['file', id, revision, name])),
        promisifyRequest<Blob[]>(s.getAll(under('part', id, revision, name))),
      ]),
    );
    return record?.verified === true && parts.length === record.parts ? new Blob(parts) : undefined;
  }

  /** The stored parts of a file, finished or not, in order. */
  parts(id: string, revision: string, name: string): Promise<Blob[]> {
    const range = under('part', id, revision, name);
    return read(this.#databaseOf(name), (s) => promisifyRequest<Blob[]>(s.getAll(range)));
  }

  /** Writes the next part together with the record that counts it: both or neither. */
  append(build: Build, name: string, part: Blob | undefined, record: FileRecord): Promise<void> {
    return write(this.#databaseOf(name), (s) => {
      if (part) s.put(part, ['part', build.id, build.revision, name, record.parts - 1]);
      s.put(record, ['file', build.id, build.revision, name]);
    });
  }

  dropFile(id: string, revision: string, name: string): Promise<void> {
    return write(this.#databaseOf(name), (s) => {
      s.delete(['file', id, revision, name]);
      s.delete(under('part', id, revision, name));
    });
  }

  /** Remembers the build that is being fetched, so that it can go on after a crash. */
  setPending(build: Build): Promise<void> {
    return write(this.#builds, (s) => s.put(build, ['build', build.id, 'pending']));
  }

  /** The pending build becomes the one that starts. */
  setReady(build: Build): Promise<void> {
    return write(this.#builds, (s) => {
      s.put(build, ['build', build.id, 'ready']);
      s.delete(['build', build.id, 'pending']);
    });
  }

  /** Deletes the files of every revision of a model but the named ones. */
  async dropRevisionsExcept(id: string, keep: readonly string[]): Promise<void> {
    for (const database of this.#files) {
      const keys = await read(database, (s) => promisifyRequest(s.getAllKeys(under('file', id))));
      const revisions = new Set(keys.map((key) => (key as string[])[2] ?? ''));
      for (const revision of revisions) if (!keep.includes(revision)) await this.#dropFiles(id, revision);
    }
  }

  /** Deletes what has been fetched of a build that never became ready. */
  async dropPending(build: Build): Promise<void> {
    await this.#dropFiles(build.id, build.revision);
    await write(this.#builds, (s) => s.delete(['build', build.id, 'pending']));
  }

  /** Deletes a model, every revision of it, and leaves nothing behind. */
  async remove(id: string): Promise<void> {
    await this.#dropFiles(id);
    await write(this.#builds, (s) => s.delete(under('build', id)));
  }

  async #dropFiles(...prefix: string[]): Promise<void> {
    for (const database of this.#files)
      await write(database, (s) => {
        for (const kind of ['file', 'part']) s.delete(under(kind, ...prefix));
      });
  }

  #databaseOf(name: string): UseStore {
    // Neighbouring shards differ in their last digit, so that two that are fetched at once mostly part.
    let sum = 0;
    for (let i = 0; i < name.length; i += 1) sum += name.charCodeAt(i);
    return this.#files[sum % this.#files.length] ?? this.#builds;
  }
}

async function read<T>(database: UseStore, callback: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  try {
    return await database('readonly', callback);
  } catch (error) {
    throw storageError(error);
  }
}

async function write(database: UseStore, callback: (store: IDBObjectStore) => unknown): Promise<void> {
  try {
    await database('readwrite', (store) => {
      callback(store);
      // The transaction, not the request: only a committed write is a write.
      return promisifyRequest(store.transaction);
    });
  } catch (error) {
    throw storageError(error);
  }
}

/** Every key that begins so: an array sorts after any string or number. */
function under(...prefix: string[]): IDBKeyRange {
  return IDBKeyRange.bound(prefix, [...prefix, []]);
}

/** True when the build's file is here, whole and verified. */
export function isStored(file: BuildFile, records: ReadonlyMap<string, FileRecord>): boolean {
  const record = records.get(file.name);
  return record?.verified === true && record.nbytes === file.nbytes;
}
