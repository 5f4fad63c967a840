import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';

/** One comparison: what ours took, what the reference took, and ours / reference. */
export interface Row {
  readonly case: string;
  readonly unit: string;
  readonly ours: number;
  /** Null where there is nothing to compare with; the figure stands by itself. */
  readonly reference: number | null;
  readonly better: 'lower' | 'higher';
}

const ROOT = new URL('../../', import.meta.url);

/** Prints a benchmark's rows as a table and writes them to test/bench/results/NAME.json. */
export function report(
  name: string,
  rows: readonly Row[],
  versions: Readonly<Record<string, string>> = {},
): void {
  const withRatio = rows.map((row) => ({
    case: row.case,
    unit: row.unit,
    ours: rounded(row.ours),
    reference: row.reference === null ? null : rounded(row.reference),
    ratio: !row.reference ? null : rounded(row.ours / row.reference),
    better: row.better,
  }));
  console.table(withRatio);
  const machine = {
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGB: rounded(totalmem() / 1e9),
  };
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string };
  const content = {
    name,
    machine,
    versions: { project: version, node: process.version, ...versions },
    rows: withRatio,
  };
  const folder = new URL('test/bench/results/', ROOT);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(content, null, 2)}\n`);
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
