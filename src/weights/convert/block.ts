import type { FloatDtype } from '../checkpoint/tensor.ts';
import { castF32ToF16, castTable, encodeBf16, nonFiniteFrom, type ModelDtype } from './float.ts';
import { quantise } from './quantise.ts';

/** A few rows of one source tensor, as they lie in the checkpoint, and what shall become of them. */
export interface Block {
  /** The rows from its start on; what lies behind them is spare memory. */
  bytes: ArrayBuffer;
  dtype: FloatDtype;
  rows: number;
  columns: number;
  model: ModelDtype;
  /** 0 keeps the values, cast to the model's format. */
  bits: 0 | 4;
}

/** The same rows as they lie in a shard. Both arrays share one buffer: the block's own where they fit. */
export interface BlockResult {
  /** Packed codes, or the cast values (float32 as bf16). */
  weight: Uint8Array<ArrayBuffer>;
  /** Scales (float32 as bf16); absent when bits is 0. */
  scale?: Uint8Array<ArrayBuffer>;
  /** Position in the block of the first infinity or NaN, −1 when there is none: then the result is not to be used. */
  nonFinite: number;
  /** How many finite values became infinite in the cast to the model's format. */
  overflows: number;
}

/**
 * Converts one block. The result takes the place of the rows, so that the same memory goes to and fro between threads
 * and leaves no garbage behind in either.
 */
export function convertBlock(block: Block): BlockResult {
  const { dtype, rows, columns, model, bits } = block;
  const length = rows * columns;
  const source =
    dtype === 'F32' ? new Uint32Array(block.bytes, 0, length) : new Uint16Array(block.bytes, 0, length);
  // float32 reaches float16 by rounding each number; two-byte formats by a table of their 65,536 values.
  const rounded = source instanceof Uint32Array && model === 'float16' ? castF32ToF16(source) : source;
  const values =
    rounded instanceof Uint32Array
      ? new Float32Array(rounded.buffer, 0, length)
      : castTable(dtype === 'BF16' ? 'BF16' : 'F16', model);
  if (bits === 0) {
    const found = check(source, rounded, values, dtype, peakOf(source));
    const cast = castAll(rounded, values, model);
    if (rounded !== source) release(rounded.buffer);
    return { ...place(block.bytes, cast), ...found };
  }
  const { weight, scale, peak } = quantise(rounded, values, rows, columns, model);
  // After rounding to float16 the peak is that of the rounded numbers: an infinity there needs the closer look.
  const sourcePeak = rounded === source ? peak : peak >= 0x7c00 ? peakOf(source) : 0;
  const found = check(source, rounded, values, dtype, sourcePeak);
  if (rounded !== source) release(rounded.buffer);
  const encoded = encode(scale, model);
  release(scale.buffer);
  return { ...place(block.bytes, weight, encoded), ...found };
}

/** Puts the results at the start of a buffer, or of a new one where it is too small (rows of a few columns). */
function place(
  memory: ArrayBuffer,
  weight: Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
  scale?: Uint16Array<ArrayBuffer>,
): Pick<BlockResult, 'weight' | 'scale'> {
  const needed = weight.byteLength + (scale?.byteLength ?? 0);
  const buffer = memory.byteLength >= needed ? memory : new ArrayBuffer(needed);
  const put = ({ buffer: from }: Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>, at: number) => {
    const bytes = new Uint8Array(buffer, at, from.byteLength);
    bytes.set(new Uint8Array(from));
    release(from);
    return bytes;
  };
  const placed = put(weight, 0);
  return scale ? { weight: placed, scale: put(scale, placed.length) } : { weight: placed };
}

/** Gives memory back at once where the platform can, instead of when garbage is collected. */
function release(buffer: ArrayBuffer): void {
  (buffer as { transfer?: (newLength: number) => ArrayBuffer }).transfer?.(0);
}

function peakOf(source: Uint16Array | Uint32Array): number {
  const mask = source instanceof Uint16Array ? 0x7fff : 0x7fffffff;
  let peak = 0;
  for (let i = 0; i < source.length; i++) {
    const magnitude = (source[i] as number) & mask;
    if (magnitude > peak) peak = magnitude;
  }
  return peak;
}

/** Looks for what the source must not hold, and counts overflows; `peak` spares the search in the usual case. */
function check(
  source: Uint16Array | Uint32Array,
  rounded: Uint16Array | Uint32Array,
  values: Float32Array,
  dtype: FloatDtype,
  peak: number,
): Pick<BlockResult, 'nonFinite' | 'overflows'> {
  const limit = nonFiniteFrom(dtype);
  const mask = source instanceof Uint16Array ? 0x7fff : 0x7fffffff;
  if (peak >= limit) return { nonFinite: source.findIndex((bits) => (bits & mask) >= limit), overflows: 0 };
  let overflows = 0;
  // 0x4780 and 0x47800000 are 2^16 as bf16 and float32, 0x477f… the last values below it.
  if (rounded instanceof Uint16Array && dtype !== 'F16' && peak >= (dtype === 'BF16' ? 0x477f : 0x477f0000)) {
    for (let i = 0; i < rounded.length; i++) {
      if (Math.abs(values[rounded[i] as number] as number) === Infinity) overflows++;
    }
  }
  return { nonFinite: -1, overflows };
}

/** Values of the model's format as they are stored: float16 as it is, float32 as bf16. */
function encode(values: Float32Array, model: ModelDtype): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  if (model === 'float16') return castF32ToF16(bits);
  const out = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = encodeBf16(bits[i] as number);
  return out;
}

function castAll(
  rounded: Uint16Array | Uint32Array,
  values: Float32Array,
  model: ModelDtype,
): Uint16Array<ArrayBuffer> {
  if (rounded instanceof Uint32Array) return encode(values, model);
  const table = encode(values, model);
  const out = new Uint16Array(rounded.length);
  for (let i = 0; i < rounded.length; i++) out[i] = table[rounded[i] as number] as number;
  return out;
}
