import { F16_MIN_NORMAL, F32_MIN_NORMAL, roundHalfToEven, roundToF16, type ModelDtype } from './float.ts';

/** Weights that share one scale, along a row. */
export const GROUP = 32;

/** Four-bit codes in a 32-bit word; the first is in the lowest bits. */
export const CODES_PER_WORD = 8;

/** Code of zero: a code stands for (code − ZERO) · scale. Codes run from 0 to 14. */
const ZERO = 7;

const MAX_CODE = 2 * ZERO;

/** What one format needs: its rounding, and where the code steps from k − 1 to k as w / scale grows. */
interface Arithmetic {
  round: (x: number) => number;
  minNormal: number;
  /**
   * 2^s + 1: for the product c of x with it, c − (c − x) is x rounded to 53 − s bits (Veltkamp), half as costly as
   * looking at bits. A tie may go either way there, but a seventh of a value of the format never is one.
   */
  splitter: number;
  /** steps[k] for k = 1..14; steps[0] is below everything. */
  steps: Float64Array;
}

/** The code as MLC computes it, every operation rounded to the model's format. NaN becomes 0. */
function exactCode(w: number, scale: number, round: (x: number) => number): number {
  const code = roundHalfToEven(round(round(w / scale) + ZERO));
  return code > 0 ? Math.min(code, MAX_CODE) : 0;
}

/**
 * As a function of the true quotient the code is a staircase, so 14 numbers describe it. Each is the middle between
 * two neighbouring values of the format. A quotient of two values of the format never equals such a middle, and is
 * farther from it (2^-49 of it) than a float64 product with the reciprocal errs (2^-52): so no division is needed.
 */
function findSteps(round: (x: number) => number): Float64Array {
  const steps = new Float64Array(MAX_CODE + 2).fill(Infinity);
  steps[0] = -Infinity;
  for (let k = 1; k <= MAX_CODE; k++) {
    // float16 has steps of 2^-7 where ZERO + quotient is largest, so 1/64 to either side encloses the step.
    let below = round(k - ZERO - 0.5 - 1 / 64);
    let above = round(k - ZERO - 0.5 + 1 / 64);
    for (;;) {
      const middle = (below + above) / 2;
      const value = round(middle);
      if (value === below || value === above) {
        steps[k] = middle;
        break;
      }
      if (exactCode(value, 1, round) >= k) above = value;
      else below = value;
    }
  }
  return steps;
}

const ARITHMETIC: Readonly<Record<ModelDtype, Arithmetic>> = {
  float16: {
    round: roundToF16,
    minNormal: F16_MIN_NORMAL,
    splitter: 2 ** 42 + 1,
    steps: findSteps(roundToF16),
  },
  float32: {
    round: Math.fround,
    minNormal: F32_MIN_NORMAL,
    splitter: 2 ** 29 + 1,
    steps: findSteps(Math.fround),
  },
};

/** Between the largest distance of a step below k − 7.5 and the distance to the next one. */
const OVERSHOOT = ZERO + 0.5 + 1 / 64;

export interface Quantised {
  /** rows · ceil(columns / 32) · 4 words of eight codes. */
  weight: Uint32Array<ArrayBuffer>;
  /** rows · ceil(columns / 32) values of the model's format, before their encoding on disk. */
  scale: Float32Array<ArrayBuffer>;
  /** Largest magnitude seen, as the bits of the source's format without the sign. */
  peak: number;
}

/**
 * Quantises rows to four bits, bit for bit as MLC does (group_quantization.py, 32 weights a group, layout NK).
 * @param bits the source's bits: two-byte numbers with a table of their values, or float32
 * @param values the value of each bit pattern (two-byte sources), or the same memory as `bits` as float32
 * @param rows number of rows
 * @param columns elements a row; a last group that is not full is padded with code 0
 */
export function quantise(
  bits: Uint16Array | Uint32Array,
  values: Float32Array,
  rows: number,
  columns: number,
  dtype: ModelDtype,
): Quantised {
  const groups = Math.ceil(columns / GROUP);
  const weight = new Uint32Array((rows * groups * GROUP) / CODES_PER_WORD);
  const scale = new Float32Array(rows * groups);
  const run = bits instanceof Uint16Array ? quantiseTwoByte : quantiseFloat32;
  const peak = run(bits as never, values, rows, columns, ARITHMETIC[dtype], weight, scale);
  return { weight, scale, peak };
}

/** The code for a quotient w / scale, in groups whose scale is a normal number (then |quotient| < 7.01). */
function codeOf(quotient: number, steps: Float64Array): number {
  // Too high by one at most: the steps lie within 1/64 of k − 7.5.
  const code = (quotient + OVERSHOOT) | 0;
  return quotient < (steps[code] as number) ? code - 1 : code;
}

// Both loops are written out for eight codes at a time: almost twice as fast as a loop over them.

function quantiseTwoByte(
  bits: Uint16Array,
  values: Float32Array,
  rows: number,
  columns: number,
  arithmetic: Arithmetic,
  weight: Uint32Array,
  scale: Float32Array,
): number {
  const { round, minNormal, splitter, steps } = arithmetic;
  const fullGroups = Math.floor(columns / GROUP);
  let peak = 0;
  let at = 0;
  let group = 0;
  for (let row = 0; row < rows; row++) {
    for (let g = 0; g < fullGroups; g++, group++) {
      let largest = 0;
      for (let i = at, end = at + GROUP; i < end; i++) {
        const magnitude = (bits[i] as number) & 0x7fff;
        largest = magnitude > largest ? magnitude : largest;
      }
      if (largest > peak) peak = largest;
      const seventh = (values[largest] as number) / ZERO;
      const product = seventh * splitter;
      const s = product - (product - seventh);
      if (s >= minNormal && s < Infinity) {
        scale[group] = s;
        const inverse = 1 / s;
        for (let word = group * 4; word < group * 4 + 4; word++) {
          weight[word] =
            codeOf((values[bits[at] as number] as number) * inverse, steps) |
            (codeOf((values[bits[at + 1] as number] as number) * inverse, steps) << 4) |
            (codeOf((values[bits[at + 2] as number] as number) * inverse, steps) << 8) |
            (codeOf((values[bits[at + 3] as number] as number) * inverse, steps) << 12) |
            (codeOf((values[bits[at + 4] as number] as number) * inverse, steps) << 16) |
            (codeOf((values[bits[at + 5] as number] as number) * inverse, steps) << 20) |
            (codeOf((values[bits[at + 6] as number] as number) * inverse, steps) << 24) |
            (codeOf((values[bits[at + 7] as number] as number) * inverse, steps) << 28);
          at += CODES_PER_WORD;
        }
      } else {
        for (let i = 0; i < GROUP; i++) slots[i] = values[bits[at++] as number] as number;
        quantiseGroup(GROUP, round, weight, scale, group);
      }
    }
    if (fullGroups * GROUP < columns) {
      const rest = columns - fullGroups * GROUP;
      for (let i = 0; i < rest; i++) {
        const b = bits[at++] as number;
        if ((b & 0x7fff) > peak) peak = b & 0x7fff;
        slots[i] = values[b] as number;
      }
      quantiseGroup(rest, round, weight, scale, group++);
    }
  }
  return peak;
}

/** The same for float32, where the value lies in the memory itself; kept apart so that both loops stay fast. */
function quantiseFloat32(
  bits: Uint32Array,
  values: Float32Array,
  rows: number,
  columns: number,
  arithmetic: Arithmetic,
  weight: Uint32Array,
  scale: Float32Array,
): number {
  const { round, minNormal, splitter, steps } = arithmetic;
  const fullGroups = Math.floor(columns / GROUP);
  let peak = 0;
  let at = 0;
  let group = 0;
  for (let row = 0; row < rows; row++) {
    for (let g = 0; g < fullGroups; g++, group++) {
      let largest = 0;
      let absmax = 0;
      for (let i = at, end = at + GROUP; i < end; i++) {
        const magnitude = (bits[i] as number) & 0x7fffffff;
        if (magnitude > largest) {
          largest = magnitude;
          absmax = values[i] as number;
        }
      }
      if (largest > peak) peak = largest;
      const seventh = Math.abs(absmax) / ZERO;
      const product = seventh * splitter;
      const s = product - (product - seventh);
      if (s >= minNormal && s < Infinity) {
        scale[group] = s;
        const inverse = 1 / s;
        for (let word = group * 4; word < group * 4 + 4; word++) {
          weight[word] =
            codeOf((values[at] as number) * inverse, steps) |
            (codeOf((values[at + 1] as number) * inverse, steps) << 4) |
            (codeOf((values[at + 2] as number) * inverse, steps) << 8) |
            (codeOf((values[at + 3] as number) * inverse, steps) << 12) |
            (codeOf((values[at + 4] as number) * inverse, steps) << 16) |
            (codeOf((values[at + 5] as number) * inverse, steps) << 20) |
            (codeOf((values[at + 6] as number) * inverse, steps) << 24) |
            (codeOf((values[at + 7] as number) * inverse, steps) << 28);
          at += CODES_PER_WORD;
        }
      } else {
        for (let i = 0; i < GROUP; i++) slots[i] = values[at++] as number;
        quantiseGroup(GROUP, round, weight, scale, group);
      }
    }
    if (fullGroups * GROUP < columns) {
      const rest = columns - fullGroups * GROUP;
      for (let i = 0; i < rest; i++) {
        const magnitude = (bits[at] as number) & 0x7fffffff;
        if (magnitude > peak) peak = magnitude;
        slots[i] = values[at++] as number;
      }
      quantiseGroup(rest, round, weight, scale, group++);
    }
  }
  return peak;
}

/** One group's weights, for the path that takes any group. */
const slots = new Float32Array(GROUP);

/** Any group: short, all zero, too small or too large for a normal scale, with infinities or NaN. */
function quantiseGroup(
  count: number,
  round: (x: number) => number,
  weight: Uint32Array,
  scale: Float32Array,
  group: number,
): void {
  let absmax = -Infinity;
  // Written as MLC computes it: a NaN is forgotten at the next slot, so the order matters. A short group's empty slots
  // hold −(largest finite number), which only a NaN before them lets through.
  for (let i = 0; i < count; i++) {
    const magnitude = Math.abs(slots[i] as number);
    absmax = absmax > magnitude ? absmax : magnitude;
  }
  const s = round(absmax / ZERO);
  scale[group] = s;
  for (let i = 0; i < count; i++) {
    const word = group * 4 + Math.floor(i / CODES_PER_WORD);
    weight[word] =
      (weight[word] as number) | (exactCode(slots[i] as number, s, round) << (4 * (i % CODES_PER_WORD)));
  }
}
