import { conversionEn } from '../../domain/texts/conversion.en.ts';
import { write } from '../../domain/texts/told.ts';
import type { ConversionReason } from './errors.ts';

export class PickleError extends Error {
  override readonly name = 'PickleError';
  constructor(readonly reason: ConversionReason) {
    super(write(conversionEn.reasons, reason));
  }
}

/** Raised when the bytes end before the pickle does. */
export class PickleCutOff extends PickleError {}

/** A reader's position in a pickle, and the operands that it takes from there. */
export class Cursor {
  at = 0;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #take(length: number): number {
    if (length < 0 || this.at + length > this.#bytes.length)
      throw new PickleCutOff({ says: 'pickle-cut-off' });
    this.at += length;
    return this.at - length;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }
  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }
  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  uint64(): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value > BigInt(this.#bytes.length)) throw new PickleCutOff({ says: 'pickle-cut-off' });
    return Number(value);
  }
  float64(): number {
    return this.#view.getFloat64(this.#take(8));
  }
  /** Little-endian, two's complement, at most 16 bytes: checkpoints hold sizes and one magic number. */
  long(length: number): number | bigint {
    if (length > 16) throw new PickleError({ says: 'pickle-long-number', length });
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#view.getUint8(at + i));
    if (length > 0 && this.#view.getUint8(at + length - 1) >= 0x80) value -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  text(length: number): string {
    const at = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleCutOff({ says: 'pickle-cut-off' });
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }
}
