import type { Build } from './build.ts';
import type { BuildStore } from './store.ts';

/**
 * Bytes of one part: what a crash may lose of a file, twice (one part being filled, one being written). Smaller parts
 * cost time (32 MiB in parts of 2 MiB take twice as long to read as in parts of 4 MiB), larger ones memory: at the speed
 * of a local server a download took about 50 MB in parts of 4 MiB, 60 in parts of 5 and 70 in parts of 8.
 */
export const PART_BYTES = 5 * 2 ** 20;

/**
 * A part is put together from pieces of this size, in bytes. Each goes over to the browser's process as soon as it is
 * full, so that little is left to do in the transaction that stores the part; transactions on a store run one by one.
 */
export const PIECE_BYTES = 2 ** 20;

/** What the store's record says of a file besides its size and parts. */
interface Verdict {
  readonly verified: boolean;
  /** Where it becomes known only by writing. */
  readonly md5?: string;
}

/** Writes a file into the store part by part, each while the next one is filled. Knows nothing of its content. */
export class PartWriter {
  #stored = 0;
  #parts = 0;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #filled = 0;
  #pieces: Blob[] = [];
  #sealed = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Kept from one piece to the next, so that it is really allocated. */
  protected static ballast: ArrayBuffer | undefined;

  /**
   * @param ballastBytes size of the empty buffer that comes with each piece. A Blob that was handed to IndexedDB stays
   * in the browser's memory until its handle is collected, and the collector does not know how large a Blob is. The
   * buffer takes no memory unless it is written to, but counts: the collector runs that much more often.
   */
  constructor(
    private readonly store: BuildStore,
    private readonly build: Build,
    private readonly name: string,
    private readonly ballastBytes: number,
  ) {}

  /** Bytes of the file that are here, in the store or on the way into it. */
  get received(): number {
    return this.#stored + this.buffered;
  }

  /** Bytes that no part holds yet. */
  get buffered(): number {
    return this.#sealed + this.#filled;
  }

  /** Counts a part that the store holds already. */
  takeUp(part: Blob): void {
    this.#stored += part.size;
    this.#parts += 1;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let rest = bytes; rest.byteLength > 0;) {
      const taken = rest.subarray(0, PIECE_BYTES - this.#filled);
      this.#piece.set(taken, this.#filled);
      this.#filled += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
      if (this.#filled < PIECE_BYTES) return;
      this.#seal();
      await this.#appendWhenFull();
    }
  }

  /** As `write`, for bytes that the browser holds already: they never pass through this worker. */
  async writeBlob(bytes: Blob): Promise<void> {
    this.#seal();
    this.#pieces.push(bytes);
    this.#sealed += bytes.size;
    this.#urgeCollection();
    await this.#appendWhenFull();
  }

  async #appendWhenFull(): Promise<void> {
    if (this.buffered < PART_BYTES) return;
    await this.#writing;
    this.#writing = this.append({ verified: false });
    // Reported by whoever waits next; without a handler the browser would report it as unhandled too.
    this.#writing.catch(() => undefined);
  }

  /** Resolves when the part that is being written is on the disk, and throws what kept it from that. */
  settle(): Promise<void> {
    return this.#writing;
  }

  /** Stores what no part holds yet, together with the record that counts it. */
  append(verdict: Verdict): Promise<void> {
    this.#seal();
    const part = this.#pieces.length > 1 ? new Blob(this.#pieces) : this.#pieces[0];
    this.#stored += this.#sealed;
    if (part) this.#parts += 1;
    this.#pieces = [];
    this.#sealed = 0;
    return this.store.append(this.build, this.name, part, {
      nbytes: this.#stored,
      parts: this.#parts,
      ...verdict,
    });
  }

  /** Throws away what is here of the file. */
  async drop(): Promise<void> {
    await this.#writing.catch(() => undefined);
    this.#stored = this.#parts = this.#filled = this.#sealed = 0;
    this.#pieces = [];
    await this.store.dropFile(this.build.id, this.build.revision, this.name);
  }

  /** Makes a piece of what has come since the last one. */
  #seal(): void {
    if (this.#filled === 0) return;
    this.#pieces.push(new Blob([this.#piece.subarray(0, this.#filled)]));
    this.#sealed += this.#filled;
    this.#filled = 0;
    this.#urgeCollection();
  }

  /** Lets the browser's collector know of what it cannot see; see `ballastBytes`. */
  #urgeCollection(): void {
    try {
      PartWriter.ballast = new ArrayBuffer(this.ballastBytes);
    } catch {
      // There is not even an address for it: then the collector runs often enough.
    }
  }
}
