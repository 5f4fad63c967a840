import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { convertBlock } from '../../../src/weights/convert/block.ts';
import {
  F32_MIN_NORMAL,
  castF32ToF16,
  castTable,
  encodeBf16,
  roundHalfToEven,
  roundToF16,
  toF16Bits,
  type ModelDtype,
} from '../../../src/weights/convert/float.ts';
import { quantise, type Quantised } from '../../../src/weights/convert/quantise.ts';

const UNIT = new URL('../../fixtures/mlc/unit/', import.meta.url);

function bytesOf(path: string): ArrayBuffer {
  return new Uint8Array(readFileSync(new URL(path, UNIT))).buffer;
}

describe.each(['q4f16_1', 'q4f32_1'] as const)('%s', (quantisation) => {
  const dtype: ModelDtype = quantisation === 'q4f16_1' ? 'float16' : 'float32';

  test.each(['finite_k128', 'finite_k100', 'nonfinite'])('%s: the codes and scales of MLC', (name) => {
    const info = JSON.parse(readFileSync(new URL(`${quantisation}/${name}/info.json`, UNIT), 'utf8')) as {
      weight: { shape: [number, number] };
    };
    const [rows, columns] = info.weight.shape;
    const weight = bytesOf(`${quantisation}/${name}/weight.bin`);
    const ours =
      dtype === 'float16'
        ? quantise(new Uint16Array(weight), castTable('F16', dtype), rows, columns, dtype)
        : quantise(new Uint32Array(weight), new Float32Array(weight), rows, columns, dtype);
    expect(ours.weight).toEqual(new Uint32Array(bytesOf(`${quantisation}/${name}/q_weight.bin`)));
    const scale = bytesOf(`${quantisation}/${name}/q_scale.bin`);
    const theirs =
      dtype === 'float16'
        ? Float32Array.from(new Uint16Array(scale), (bits) => castTable('F16', 'float32')[bits] as number)
        : new Float32Array(scale);
    expect(ours.scale).toEqual(theirs);
  });
});

test('float32 is stored as bf16 the way MLC stores it', () => {
  const source = new Uint32Array(bytesOf('f32_to_bf16/f32.bin'));
  const theirs = new Uint16Array(bytesOf('f32_to_bf16/bf16.bin'));
  expect(Uint16Array.from(source, encodeBf16)).toEqual(theirs);
});

/** The specification word for word, slow and plain: the fast loops must agree with it. */
function specified(
  row: readonly number[],
  round: (x: number) => number,
): { codes: number[]; scales: number[] } {
  const codes: number[] = [];
  const scales: number[] = [];
  for (let at = 0; at < row.length; at += 32) {
    const group = row.slice(at, at + 32);
    const scale = round(Math.max(...group.map(Math.abs)) / 7);
    scales.push(scale);
    for (const w of group) {
      const code = roundHalfToEven(round(round(w / scale) + 7));
      codes.push(code > 0 ? Math.min(code, 14) : 0);
    }
  }
  return { codes, scales };
}

function unpack({ weight }: Quantised, columns: number): number[] {
  return Array.from({ length: columns }, (_, i) => ((weight[i >> 3] as number) >>> (4 * (i & 7))) & 15);
}

const groupExponent = fc.integer({ min: -24, max: 14 });

/** Weights around one magnitude, with the ties that a scale of a power of two makes. */
const row = fc.tuple(groupExponent, fc.integer({ min: 1, max: 100 })).chain(([exponent, columns]) =>
  fc.array(
    fc.oneof(
      fc.double({ min: -1, max: 1, noNaN: true }).map((x) => x * 2 ** exponent),
      fc.integer({ min: -14, max: 14 }).map((x) => (x / 2) * 2 ** (exponent - 4)),
      fc.constantFrom(7, -7, 3.5, -3.5, 0, -0).map((x) => x * 2 ** (exponent - 4)),
    ),
    { minLength: columns, maxLength: columns },
  ),
);

test('any row quantises as the specification says: float16', () => {
  fc.assert(
    fc.property(row, (numbers) => {
      const values = numbers.map(roundToF16);
      const ours = quantise(
        Uint16Array.from(values, toF16Bits),
        castTable('F16', 'float16'),
        1,
        values.length,
        'float16',
      );
      const wanted = specified(values, roundToF16);
      expect(unpack(ours, values.length)).toEqual(wanted.codes);
      expect([...ours.scale]).toEqual(wanted.scales);
    }),
    { numRuns: 2000 },
  );
});

test('any row quantises as the specification says: float32', () => {
  fc.assert(
    fc.property(row, (numbers) => {
      const values = Float32Array.from(numbers);
      const ours = quantise(new Uint32Array(values.buffer), values, 1, values.length, 'float32');
      const wanted = specified([...values], Math.fround);
      expect(unpack(ours, values.length)).toEqual(wanted.codes);
      expect([...ours.scale]).toEqual(wanted.scales);
    }),
    { numRuns: 2000 },
  );
});

test('dequantised weights are within half a step of the source, unless the step is too small for the format', () => {
  fc.assert(
    fc.property(row, (numbers) => {
      const values = Float32Array.from(numbers);
      const ours = quantise(new Uint32Array(values.buffer), values, 1, values.length, 'float32');
      unpack(ours, values.length).forEach((code, i) => {
        const scale = ours.scale[i >> 5] as number;
        // A scale that underflows is coarse or 0, and says nothing about its group; its codes follow the test above.
        if (scale < F32_MIN_NORMAL) return;
        const dequantised = (code - 7) * scale;
        // t = w / scale + 7 is rounded to 2^-20 at most.
        expect(Math.abs(dequantised - (values[i] as number))).toBeLessThanOrEqual(scale * (0.5 + 2 ** -19));
      });
    }),
  );
});

test('every float16 number survives the way through float64, float32 and back', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
  const numbers = castTable('F16', 'float32');
  const finite = all.filter((bits) => !Number.isNaN(numbers[bits]));
  expect(Uint16Array.from(finite, (bits) => toF16Bits(numbers[bits] as number))).toEqual(finite);
  const floats = Float32Array.from(finite, (bits) => numbers[bits] as number);
  expect(castF32ToF16(new Uint32Array(floats.buffer))).toEqual(finite);
});

test('rounding to float16 takes the nearest, even in a tie', () => {
  const numbers = castTable('F16', 'float32');
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0x7bfe }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (bits, t) => {
        const low = numbers[bits] as number;
        const high = numbers[bits + 1] as number;
        const x = Math.fround(low + t * (high - low));
        const middle = (low + high) / 2;
        const wanted = x < middle || (x === middle && bits % 2 === 0) ? bits : bits + 1;
        expect(toF16Bits(x)).toBe(wanted);
        expect(castF32ToF16(new Uint32Array(Float32Array.of(x, -x).buffer))).toEqual(
          Uint16Array.of(wanted, wanted | 0x8000),
        );
      },
    ),
    {
      examples: [
        [0, 0.5],
        [1023, 0.5],
        [1024, 0.5],
        [0x7bfe, 0.5],
      ],
    },
  );
  expect([65504, 65519.99, 65520, -1e6].map(toF16Bits)).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00]);
});

test('infinity and NaN in the source are found where they are, overflow is counted', () => {
  const block = { rows: 2, columns: 64, dtype: 'F32', model: 'float16' } as const;
  const clean = Float32Array.from({ length: 128 }, (_, i) => i - 64);
  for (const bits of [0, 4] as const) {
    const withInfinity = clean.slice();
    withInfinity[70] = -Infinity;
    withInfinity[90] = NaN;
    expect(convertBlock({ ...block, bits, bytes: withInfinity.buffer })).toMatchObject({ nonFinite: 70 });
    const large = clean.slice();
    large[3] = 65520;
    large[127] = -1e30;
    large[5] = 65519;
    expect(convertBlock({ ...block, bits, bytes: large.buffer })).toMatchObject({
      nonFinite: -1,
      overflows: 2,
    });
    const bf16 = Uint16Array.of(0x3f80, 0x4780, 0xc780, 0x477f);
    expect(
      convertBlock({ rows: 1, columns: 4, dtype: 'BF16', model: 'float16', bits, bytes: bf16.buffer }),
    ).toMatchObject({ nonFinite: -1, overflows: 2 });
  }
});
