import type { Build, BuildFile } from './build.ts';
import { type Digests, startDigests } from './digest.ts';
import { WeightError } from './errors.ts';
import { PartWriter, PIECE_BYTES } from './part-writer.ts';
import type { BuildStore } from './store.ts';

/** For each piece; see PartWriter. */
const BALLAST_BYTES = 128 * PIECE_BYTES;

/** Below this a part is not worth a record of its own when the connection breaks; the bytes wait in memory. */
const WORTH_KEEPING_BYTES = 2 ** 20;

/**
 * Writes one file of a build into the store, part by part, hashing as it goes; continues where an earlier run stopped.
 * The file counts as stored only after `finish`.
 */
export class FileWriter {
  #digests!: Digests;
  readonly #parts: PartWriter;

  private constructor(
    store: BuildStore,
    build: Build,
    private readonly file: BuildFile,
  ) {
    this.#parts = new PartWriter(store, build, file.name, BALLAST_BYTES);
  }

  /** Takes up what the store holds of the file; hashes it again, since it may have changed on the disk. */
  static async resume(store: BuildStore, build: Build, file: BuildFile): Promise<FileWriter> {
    const writer = new FileWriter(store, build, file);
    writer.#digests = await startDigests(file);
    try {
      for (const part of await store.parts(build.id, build.revision, file.name)) {
        writer.#digests.update(new Uint8Array(await part.arrayBuffer()));
        writer.#parts.takeUp(part);
      }
    } catch {
      // A part that the browser can no longer read: the file starts over.
      await writer.restart();
    }
    if (writer.received > file.nbytes) await writer.restart();
    return writer;
  }

  /** Bytes of the file that are here, in the store or on the way into it. */
  get received(): number {
    return this.#parts.received;
  }

  async write(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#requireRoomFor(chunk.byteLength);
    this.#digests.update(chunk);
    await this.#parts.write(chunk);
  }

  /** As `write`, for bytes that the browser holds already: this worker only hashes them. */
  async writeBlob(bytes: Blob): Promise<void> {
    this.#requireRoomFor(bytes.size);
    this.#digests.update(new Uint8Array(await bytes.arrayBuffer()));
    await this.#parts.writeBlob(bytes);
  }

  #requireRoomFor(bytes: number): void {
    if (this.received + bytes <= this.file.nbytes) return;
    const { name: file, nbytes: announced } = this.file;
    throw new WeightError('bad-file', { says: 'longer-than-announced', file, announced });
  }

  /** Stores what waits in memory, unless it is little and `always` is false. Resolves when it is on the disk. */
  async flush(always: boolean): Promise<void> {
    await this.#parts.settle();
    if (this.#parts.buffered > (always ? 0 : WORTH_KEEPING_BYTES))
      await this.#parts.append({ verified: false });
  }

  /** Compares size and digests and, if they are right, stores the last part and marks the file as verified. */
  async finish(): Promise<void> {
    await this.#parts.settle();
    const { name: file, nbytes: announced } = this.file;
    if (this.received !== announced)
      throw new WeightError('bad-file', { says: 'other-length', file, found: this.received, announced });
    const mismatch = this.#digests.mismatch();
    if (mismatch) throw new WeightError('bad-file', { says: 'other-digest', file, ...mismatch });
    await this.#parts.append({ verified: true });
  }

  /** Throws away what is here of the file. */
  async restart(): Promise<void> {
    this.#digests = await startDigests(this.file);
    await this.#parts.drop();
  }
}
