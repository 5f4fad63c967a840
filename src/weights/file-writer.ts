import type { Build, BuildFile } from './build.ts';
import { type Digests, startDigests } from './digest.ts';
import { WeightError } from './errors.ts';
import type { BuildStore } from './store.ts';

/**
 * Bytes of one part: what a crash may lose of a file, twice (one part being filled, one being written). Files in
 * smaller parts take longer to read: 32 MiB in parts of 2 MiB about twice as long as in parts of 4 MiB or more.
 */
export const PART_BYTES = 4 * 2 ** 20;

/**
 * A part is put together from pieces of this size, in bytes. Each goes over to the browser's process as soon as it is
 * full, so that little is left to do in the transaction that stores the part; transactions on a store run one by one.
 */
const PIECE_BYTES = 2 ** 20;

/**
 * A Blob that was handed to IndexedDB stays in the browser's memory until its handle is collected, and the collector
 * does not know how large a Blob is. So each piece comes with an empty buffer of this size, which takes no memory
 * unless it is written to, but counts: the collector runs that much more often.
 */
const BALLAST_BYTES = 128 * PIECE_BYTES;

/** Below this a part is not worth a record of its own when the connection breaks; the bytes wait in memory. */
const WORTH_KEEPING_BYTES = 2 ** 20;

/**
 * Writes one file of a build into the store, part by part, hashing as it goes; continues where an earlier run stopped.
 * The file counts as stored only after `finish`.
 */
export class FileWriter {
  #digests!: Digests;
  #stored = 0;
  #parts = 0;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #filled = 0;
  #pieces: Blob[] = [];
  #sealed = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Kept from one piece to the next, so that it is really allocated. */
  protected static ballast: ArrayBuffer | undefined;

  private constructor(
    private readonly store: BuildStore,
    private readonly build: Build,
    private readonly file: BuildFile,
  ) {}

  /** Takes up what the store holds of the file; hashes it again, since it may have changed on the disk. */
  static async resume(store: BuildStore, build: Build, file: BuildFile): Promise<FileWriter> {
    const writer = new FileWriter(store, build, file);
    writer.#digests = await startDigests(file);
    try {
      for (const part of await store.parts(build.id, build.revision, file.name)) {
        writer.#digests.update(new Uint8Array(await part.arrayBuffer()));
        writer.#stored += part.size;
        writer.#parts += 1;
      }
    } catch {
      // A part that the browser can no longer read: the file starts over.
      await writer.restart();
    }
    if (writer.#stored > file.nbytes) await writer.restart();
    return writer;
  }

  /** Bytes of the file that are here, in the store or on the way into it. */
  get received(): number {
    return this.#stored + this.#buffered;
  }

  async write(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.received + chunk.byteLength > this.file.nbytes)
      throw new WeightError('bad-file', {
        says: 'longer-than-announced',
        file: this.file.name,
        announced: this.file.nbytes,
      });
    this.#digests.update(chunk);
    for (let rest = chunk; rest.byteLength > 0;) {
      const taken = rest.subarray(0, PIECE_BYTES - this.#filled);
      this.#piece.set(taken, this.#filled);
      this.#filled += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
      if (this.#filled < PIECE_BYTES) return;
      this.#seal();
      if (this.#buffered < PART_BYTES) continue;
      await this.#writing;
      this.#writing = this.#append(false);
      // Reported by the next write or by flush; without a handler the browser would report it as unhandled too.
      this.#writing.catch(() => undefined);
    }
  }

  /** What has come since the last piece becomes one. */
  #seal(): void {
    if (this.#filled === 0) return;
    this.#pieces.push(new Blob([this.#piece.subarray(0, this.#filled)]));
    this.#sealed += this.#filled;
    this.#filled = 0;
    try {
      FileWriter.ballast = new ArrayBuffer(BALLAST_BYTES);
    } catch {
      // There is not even an address for it: then the collector runs often enough.
    }
  }

  get #buffered(): number {
    return this.#sealed + this.#filled;
  }

  /** Stores what waits in memory, unless it is little and `always` is false. Resolves when it is on the disk. */
  async flush(always: boolean): Promise<void> {
    await this.#writing;
    if (this.#buffered > (always ? 0 : WORTH_KEEPING_BYTES)) await this.#append(false);
  }

  /** Compares size and digests and, if they are right, stores the last part and marks the file as verified. */
  async finish(): Promise<void> {
    await this.#writing;
    const { name: file, nbytes: announced } = this.file;
    if (this.received !== announced)
      throw new WeightError('bad-file', { says: 'other-length', file, found: this.received, announced });
    const mismatch = this.#digests.mismatch();
    if (mismatch) throw new WeightError('bad-file', { says: 'other-digest', file, ...mismatch });
    await this.#append(true);
  }

  /** Throws away what is here of the file. */
  async restart(): Promise<void> {
    await this.#writing.catch(() => undefined);
    this.#stored = this.#parts = this.#filled = this.#sealed = 0;
    this.#pieces = [];
    this.#digests = await startDigests(this.file);
    await this.store.dropFile(this.build.id, this.build.revision, this.file.name);
  }

  #append(verified: boolean): Promise<void> {
    this.#seal();
    const part = this.#sealed > 0 ? new Blob(this.#pieces) : undefined;
    this.#stored += this.#sealed;
    if (part) this.#parts += 1;
    this.#pieces = [];
    this.#sealed = 0;
    return this.store.append(this.build, this.file.name, part, {
      nbytes: this.#stored,
      parts: this.#parts,
      verified,
    });
  }
}
