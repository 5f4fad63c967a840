import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_SHARD_CAP, planShards } from '../../../src/weights/convert/shards.ts';

const PLANS = new URL('../../fixtures/mlc/plans/', import.meta.url);

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, PLANS), 'utf8'));
}

interface Case {
  cap: number;
  sizes: number[];
  shards: { dataPath: string; nbytes: number; md5sum: string; records: [string, number, number][] }[];
}

test('the shards of MLC for many sizes and caps', () => {
  const cases = read('shard_rule.json') as Case[];
  expect(cases).toHaveLength(166);
  for (const { cap, sizes, shards } of cases) {
    const ours = planShards(sizes, cap).map(({ name, nbytes, records }) => {
      const md5 = createHash('md5');
      for (const { tensor, nbytes: length } of records) md5.update(new Uint8Array(length).fill(tensor % 256));
      return {
        dataPath: name,
        nbytes,
        md5sum: md5.digest('hex'),
        records: records.map(({ tensor, byteOffset, nbytes: length }) => [`p${tensor}`, byteOffset, length]),
      };
    });
    expect(ours).toEqual(shards);
  }
});

interface Plan {
  shards: { dataPath: string; nbytes: number; records: [string, number[], string, number, number][] }[];
}

test.each(['llama2-7b-q4f16_1', 'tinyllama-1.1b-q4f32_1', 'tinyllama-1.1b-q0f16'])(
  'the shards of MLC for %s',
  (name) => {
    const { shards } = read(`${name}.json`) as Plan;
    // A lone large tensor is written before smaller ones that came earlier, so the order given is found by trying:
    // MLC's list is the parameters in name order, each weight followed by its scale.
    const tensors = shards
      .flatMap(({ records }) => records)
      .sort(([a], [b]) => compare(sortKey(a), sortKey(b)))
      .map(([tensor, , , , nbytes]) => ({ tensor, nbytes }));
    const ours = planShards(
      tensors.map(({ nbytes }) => nbytes),
      DEFAULT_SHARD_CAP,
    );
    expect(
      ours.map(({ name: dataPath, nbytes, records }) => ({
        dataPath,
        nbytes,
        records: records.map((record) => [tensors[record.tensor]?.tensor, record.byteOffset, record.nbytes]),
      })),
    ).toEqual(
      shards.map(({ dataPath, nbytes, records }) => ({
        dataPath,
        nbytes,
        records: records.map(([tensor, , , byteOffset, length]) => [tensor, byteOffset, length]),
      })),
    );
  },
);

/** Name of the first of the checkpoint's tensors that an output comes from; a scale after its weight. */
function sortKey(name: string): string {
  return name
    .replace('qkv_proj', 'k_proj')
    .replace('gate_up_proj', 'gate_proj')
    .replace('q_weight', 'weight0')
    .replace('q_scale', 'weight1');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

test('every byte has exactly one place, and only a lone tensor makes a shard larger than the cap', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 200 }),
      (sizes, cap) => {
        const shards = planShards(sizes, cap);
        const seen = shards.flatMap(({ records }) => records.map(({ tensor }) => tensor));
        expect(seen.toSorted((a, b) => a - b)).toEqual(sizes.map((_, i) => i));
        for (const { nbytes, records } of shards) {
          let position = 0;
          for (const record of records) {
            expect(record).toMatchObject({ byteOffset: position, nbytes: sizes[record.tensor] });
            position += record.nbytes;
          }
          expect(position).toBe(nbytes);
          expect(records.length === 1 || nbytes < cap).toBe(true);
        }
      },
    ),
  );
});
