import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';
import type { Build, BuildFile } from './build.ts';
import { storageError } from './errors.ts';

/**
 * Everything that a model needs for an offline start, in one IndexedDB object store.
 *
 *   ['build', id, 'ready']              Build: complete and verified, the one the engine starts
 *   ['build', id, 'pending']            Build: being fetched; takes the place of the ready one in one transaction
 *   ['file', id, revision, name]        FileRecord: how much of the file is here and whether its checksum was right
 *   ['part', id, revision, name, i]     Blob: the i-th stretch of the file
 *
 * A file stays in its parts for good: joining Blobs costs nothing when reading (they are references to disk), while
 * writing a joined one would put every byte on the disk twice. Nothing counts as present unless its record says
 * `verified`, and that is written in one transaction with the last part.
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

export class BuildStore {
  readonly #use: UseStore;

  constructor(databaseName = 'metaaligner-weights') {
    this.#use = createStore(databaseName, 'files');
  }

  async builds(role: Role): Promise<Build[]> {
    const [keys, builds] = await this.#read((s) =>
      Promise.all([
        promisifyRequest(s.getAllKeys(under('build'))),
        promisifyRequest<Build[]>(s.getAll(under('build'))),
      ]),
    );
    return builds.filter((_, i) => (keys[i] as string[])[2] === role);
  }

  build(id: string, role: Role): Promise<Build | undefined> {
    return this.#read((s) => promisifyRequest<Build | undefined>(s.get(['build', id, role])));
  }

  /** Records of the files of one build that are here, whole or in part, by name. */
  async files(id: string, revision: string): Promise<Map<string, FileRecord>> {
    const range = under('file', id, revision);
    const [keys, records] = await this.#read((s) =>
      Promise.all([promisifyRequest(s.getAllKeys(range)), promisifyRequest<FileRecord[]>(s.getAll(range))]),
    );
    return new Map(records.map((record, i) => [(keys[i] as string[])[3] ?? '', record]));
  }

  /** The verified file as one Blob that refers to the disk, or undefined. */
  async open(id: string, revision: string, name: string): Promise<Blob | undefined> {
    const [record, parts] = await this.#read((s) =>
      Promise.all([
        promisifyRequest<FileRecord | undefined>(s.get(['file', id, revision, name])),
        promisifyRequest<Blob[]>(s.getAll(under('part', id, revision, name))),
      ]),
    );
    return record?.verified === true && parts.length === record.parts ? new Blob(parts) : undefined;
  }

  /** The stored parts of a file, finished or not, in order. */
  parts(id: string, revision: string, name: string): Promise<Blob[]> {
    return this.#read((s) => promisifyRequest<Blob[]>(s.getAll(under('part', id, revision, name))));
  }

  /** Writes the next part together with the record that counts it: both or neither. */
  append(build: Build, name: string, part: Blob | undefined, record: FileRecord): Promise<void> {
    return this.#write((s) => {
      if (part) s.put(part, ['part', build.id, build.revision, name, record.parts - 1]);
      s.put(record, ['file', build.id, build.revision, name]);
    });
  }

  dropFile(id: string, revision: string, name: string): Promise<void> {
    return this.#write((s) => {
      s.delete(['file', id, revision, name]);
      s.delete(under('part', id, revision, name));
    });
  }

  /** Remembers the build that is being fetched, so that it can go on after a crash. */
  setPending(build: Build): Promise<void> {
    return this.#write((s) => s.put(build, ['build', build.id, 'pending']));
  }

  /** The pending build becomes the one that starts. */
  setReady(build: Build): Promise<void> {
    return this.#write((s) => {
      s.put(build, ['build', build.id, 'ready']);
      s.delete(['build', build.id, 'pending']);
    });
  }

  /** Deletes the files of every revision of a model but the named ones. */
  async dropRevisionsExcept(id: string, keep: readonly string[]): Promise<void> {
    const keys = await this.#read((s) => promisifyRequest(s.getAllKeys(under('file', id))));
    const revisions = new Set(keys.map((key) => (key as string[])[2] ?? ''));
    const dropped = [...revisions].filter((revision) => !keep.includes(revision));
    if (dropped.length === 0) return;
    await this.#write((s) => {
      for (const revision of dropped) {
        s.delete(under('file', id, revision));
        s.delete(under('part', id, revision));
      }
    });
  }

  /** Deletes what has been fetched of a build that never became ready. */
  dropPending(build: Build): Promise<void> {
    return this.#write((s) => {
      s.delete(['build', build.id, 'pending']);
      s.delete(under('file', build.id, build.revision));
      s.delete(under('part', build.id, build.revision));
    });
  }

  /** Deletes a model, every revision of it, and leaves nothing behind. */
  remove(id: string): Promise<void> {
    return this.#write((s) => {
      for (const kind of ['build', 'file', 'part']) s.delete(under(kind, id));
    });
  }

  async #read<T>(callback: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    try {
      return await this.#use('readonly', callback);
    } catch (error) {
      throw storageError(error);
    }
  }

  async #write(callback: (store: IDBObjectStore) => unknown): Promise<void> {
    try {
      await this.#use('readwrite', (store) => {
        callback(store);
        // The transaction, not the request: only a committed write is a write.
        return promisifyRequest(store.transaction);
      });
    } catch (error) {
      throw storageError(error);
    }
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
