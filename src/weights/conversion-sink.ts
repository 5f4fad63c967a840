import { type Build, type BuildFile, isPlainName } from './build.ts';
import type { BuildSink, FileWriter } from './convert/sink.ts';
import { sha256 } from './digest.ts';
import { WeightError } from './errors.ts';
import { fetchSmall } from './fetch-small.ts';
import { FileWriter as StoreWriter } from './file-writer.ts';
import { PATIENCE } from './http.ts';
import { useLock, workLock } from './locks.ts';
import { checkContent } from './manifest.ts';
import { PartWriter, PIECE_BYTES } from './part-writer.ts';
import { requireRoom } from './room.ts';
import type { BuildStore } from './store.ts';

/** Which build a conversion makes. */
export interface ConvertedBuild {
  /** The key of the build in the store, as in BuildSource. */
  readonly id: string;
  /** Absolute address of the model library that fits it; fetched at the end, so that the build starts offline. */
  readonly library: string;
}

/**
 * Runs a conversion whose files go into the store, while no other tab works on the model. What is whole when it is
 * interrupted stays, and the next run of the same conversion goes on from there. The build that was there before
 * remains until the new one is complete.
 */
export function withConversionSink<T>(
  store: BuildStore,
  build: ConvertedBuild,
  signal: AbortSignal,
  convert: (sink: BuildSink) => Promise<T>,
): Promise<T> {
  return navigator.locks.request(workLock(build.id), { ifAvailable: true }, async (lock) => {
    if (!lock) throw new WeightError('in-use', { says: 'worked-on' });
    return convert(new ConversionSink(store, build, signal));
  });
}

class ConversionSink implements BuildSink {
  #build: Build | undefined;

  constructor(
    private readonly store: BuildStore,
    private readonly wanted: ConvertedBuild,
    private readonly signal: AbortSignal,
  ) {}

  async begin(fingerprint: string, nbytes: number): Promise<ReadonlyMap<string, string>> {
    const { id, library } = this.wanted;
    const name = new URL(library).pathname.split('/').at(-1) ?? '';
    if (!isPlainName(name))
      throw new WeightError('bad-manifest', { says: 'library-without-name', address: library });
    const build: Build = { id, revision: fingerprint, library: name, files: [], converted: true };
    const pending = await this.store.build(id, 'pending');
    const whole = new Map<string, string>();
    let held = 0;
    if (pending?.revision === fingerprint)
      for (const [file, { verified, nbytes: bytes, md5 }] of await this.store.files(id, fingerprint))
        if (verified && md5 !== undefined) {
          whole.set(file, md5);
          held += bytes;
        }
    await requireRoom(Math.max(0, nbytes - held));
    if (pending && pending.revision !== fingerprint) await this.store.dropPending(pending);
    await this.store.setPending(build);
    this.#build = build;
    return whole;
  }

  async create(name: string): Promise<FileWriter> {
    const build = this.#begun();
    if (!isPlainName(name)) throw new WeightError('bad-manifest', { says: 'no-plain-name', file: name });
    await this.store.dropFile(build.id, build.revision, name);
    return new ConvertedFile(this.store, build, name);
  }

  async finish(): Promise<void> {
    const build = this.#begun();
    await this.#fetchLibrary(build);
    const records = await this.store.files(build.id, build.revision);
    const files: BuildFile[] = [];
    for (const [name, { nbytes, verified, md5 }] of records) {
      if (!verified) throw new WeightError('not-stored', { says: 'unfinished', file: name });
      files.push({ name, url: '', nbytes, ...(md5 !== undefined && { md5 }) });
    }
    await this.store.setReady({ ...build, files });
    await navigator.locks.request(useLock(build.id), { ifAvailable: true }, async (lock) => {
      if (lock) await this.store.dropRevisionsExcept(build.id, [build.revision]);
    });
  }

  async #fetchLibrary(build: Build): Promise<void> {
    const { library: url } = this.wanted;
    const name = build.library;
    const { content } = await fetchSmall([url], name, { signal: this.signal, patience: PATIENCE });
    checkContent(content, name);
    const file = { name, url, nbytes: content.byteLength, sha256: await sha256(content) };
    const writer = await StoreWriter.resume(this.store, build, file);
    if (writer.received > 0) await writer.restart();
    await writer.write(content);
    await writer.finish();
  }

  #begun(): Build {
    if (!this.#build) throw new Error('A conversion begins before it writes.');
    return this.#build;
  }
}

/** For each piece; see PartWriter. A conversion makes garbage of its own, so that the collector needs less of it. */
const BALLAST_BYTES = 12 * PIECE_BYTES;

/** A file whose digest is known only once it is written. */
class ConvertedFile implements FileWriter {
  readonly #parts: PartWriter;

  constructor(store: BuildStore, build: Build, name: string) {
    this.#parts = new PartWriter(store, build, name, BALLAST_BYTES);
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#parts.write(bytes);
  }

  async commit(md5: string): Promise<void> {
    await this.#parts.settle();
    await this.#parts.append({ verified: true, md5 });
  }

  async abort(): Promise<void> {
    await this.#parts.drop().catch(() => undefined);
  }
}
