import type { FloatDtype } from '../checkpoint/tensor.ts';

/** The format that MLC computes in: q4f16_1 and q0f16 in float16, q4f32_1 and q0f32 in float32. */
export type ModelDtype = 'float16' | 'float32';

/** |x| from here on rounds to infinity in float16. */
const F16_OVERFLOW = 65520;

/** Smallest normal float16. */
export const F16_MIN_NORMAL = 2 ** -14;

/** Smallest normal float32. */
export const F32_MIN_NORMAL = 2 ** -126;

const one = new DataView(new ArrayBuffer(8));

function f16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function bf16ToNumber(bits: number): number {
  one.setUint32(0, bits << 16);
  return one.getFloat32(0);
}

/** Nearest whole number, ties to even; exact for |x| < 2^51. */
export function roundHalfToEven(x: number): number {
  // Adding 2^52 leaves no room for fraction bits, so the hardware's own rounding does it.
  return x < 0 ? -(-x + 2 ** 52 - 2 ** 52) : x + 2 ** 52 - 2 ** 52;
}

/**
 * Bits of the float16 nearest to a number (ties to even, subnormals kept, overflow to infinity).
 * A float64 quotient or sum of float16 values may be passed: rounding it again here is the same as rounding once,
 * because 53 ≥ 2 · 11 + 2.
 */
export function toF16Bits(x: number): number {
  one.setFloat64(0, x);
  const high = one.getUint32(0);
  const sign = (high >>> 16) & 0x8000;
  if (Number.isNaN(x)) return sign | 0x7e00;
  const magnitude = Math.abs(x);
  if (magnitude >= F16_OVERFLOW) return sign | 0x7c00;
  if (magnitude < F16_MIN_NORMAL) return sign | roundHalfToEven(magnitude * 2 ** 24);
  const exponent = ((high >>> 20) & 0x7ff) - 1023;
  // 1024..2048; a carry to 2048 flows into the exponent by the addition.
  return sign | (((exponent + 14) << 10) + roundHalfToEven(magnitude * 2 ** (10 - exponent)));
}

export function roundToF16(x: number): number {
  return f16ToNumber(toF16Bits(x));
}

/**
 * The bf16 in which MLC stores a float32: nearest even, but huge values, infinities and NaN are cut instead of rounded
 * (tvm.contrib.tvmjs, `f32-to-bf16`).
 * @param bits the float32's bits
 */
export function encodeBf16(bits: number): number {
  return (bits & 0x7fffffff) >>> 0 < 0x7f7f0000
    ? ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
    : bits >>> 16;
}

const tables = new Map<string, Float32Array>();

/** All 65,536 values of a two-byte format, cast to the model's. A number's bits are its index. */
export function castTable(source: 'F16' | 'BF16', model: ModelDtype): Float32Array {
  const key = `${source} ${model}`;
  let table = tables.get(key);
  if (!table) {
    const value = source === 'F16' ? f16ToNumber : bf16ToNumber;
    const round = model === 'float16' && source === 'BF16' ? roundToF16 : Math.fround;
    table = Float32Array.from({ length: 65536 }, (_, bits) => round(value(bits)));
    tables.set(key, table);
  }
  return table;
}

/** From this magnitude on (bits without sign) a value is infinite or NaN. */
export function nonFiniteFrom(dtype: FloatDtype): number {
  return { F16: 0x7c00, BF16: 0x7f80, F32: 0x7f800000 }[dtype];
}

/** Casts float32 bits to float16 bits, nearest even. */
export function castF32ToF16(source: Uint32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(source.length);
  const values = new Float32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < source.length; i++) {
    const bits = source[i] as number;
    const magnitude = bits & 0x7fffffff;
    // 0x38800000 is 2^-14 and 0x47800000 is 2^16: between them lie float16's normal numbers and what rounds to infinity.
    out[i] =
      magnitude >= 0x38800000 && magnitude < 0x47800000
        ? ((bits >>> 16) & 0x8000) | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
        : toF16Bits(values[i] as number);
  }
  return out;
}
