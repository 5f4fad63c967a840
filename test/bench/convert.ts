import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { convertInChromium } from './convert-chromium.ts';
import { watchUsage, type Usage } from './process-usage.ts';
import { report, type Row } from './report.ts';
import { SHAPES, writeCheckpoint, type ShapeName } from './synthetic-checkpoint.ts';

/**
 * Converts a synthetic bf16 checkpoint with the command line and in Chromium, each time in a new process, and prints
 * speed and peak memory. The disk must have room for the checkpoint and two builds.
 *
 *   npm run bench:convert
 *   npm run bench:convert -- --shape llama2-13b --layers 3 --runs 1
 */
const ROOT = new URL('../../', import.meta.url).pathname;

/** MLC's own converter on the 2.2 GB of TinyLlama, on two cores. */
const MLC_SECONDS: Readonly<Record<string, number>> = { q4f16_1: 57, q4f32_1: 18 };
const MLC_PEAK_MB = 3900;

type Measured = Usage & { seconds: number };

async function convertInNode(checkpoint: string, quantisation: string): Promise<Measured> {
  const output = await mkdtemp(join(tmpdir(), 'bench-build-'));
  const args = ['--import', 'tsx', 'model-config/convert.ts', checkpoint];
  const started = performance.now();
  const child = spawn(process.execPath, [...args, '--quantization', quantisation, '--output', output], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (data) => (err += String(data)));
  const usage = watchUsage(child.pid ?? 0);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const seconds = (performance.now() - started) / 1000;
  await rm(output, { recursive: true });
  if (code !== 0) throw new Error(`The conversion failed: ${err}`);
  return { seconds, ...usage.stop() };
}

async function median(runs: number, measure: () => Promise<Measured>): Promise<Measured> {
  const all: Measured[] = [];
  for (let i = 0; i < runs; i++) all.push(await measure());
  all.sort((a, b) => a.seconds - b.seconds);
  return all[Math.floor(runs / 2)] as Measured;
}

const { values } = parseArgs({
  options: {
    shape: { type: 'string', default: 'tinyllama-1.1b' },
    layers: { type: 'string' },
    runs: { type: 'string', default: '3' },
  },
});
if (!Object.hasOwn(SHAPES, values.shape))
  throw new Error(`--shape is one of ${Object.keys(SHAPES).join(', ')}.`);
const shape = values.shape as ShapeName;
const layers = values.layers === undefined ? undefined : Number(values.layers);
const comparable = shape === 'tinyllama-1.1b' && layers === undefined;

const folder = await mkdtemp(join(tmpdir(), 'bench-checkpoint-'));
const rows: Row[] = [];
let chromium = '';
try {
  const bytes = await writeCheckpoint(folder, shape, layers);
  console.log(
    `${shape}${layers === undefined ? '' : `, ${layers} layers`}: ${(bytes / 1e9).toFixed(2)} GB of bf16`,
  );
  for (const quantisation of ['q4f16_1', 'q4f32_1'] as const) {
    const places: [string, () => Promise<Measured>][] = [
      ['Node', () => convertInNode(folder, quantisation)],
      [
        'Chromium',
        async () => {
          const { version, ...measured } = await convertInChromium(folder, quantisation);
          chromium = version;
          return measured;
        },
      ],
    ];
    for (const [place, measure] of places) {
      const { seconds, cpuSeconds, peakMb } = await median(Number(values.runs), measure);
      const name = `${quantisation} in ${place}`;
      rows.push(
        {
          case: `${name}: time`,
          unit: 's',
          ours: seconds,
          reference: comparable ? (MLC_SECONDS[quantisation] ?? null) : null,
          better: 'lower',
        },
        {
          case: `${name}: speed`,
          unit: 'MB/s',
          ours: bytes / 1e6 / seconds,
          reference: null,
          better: 'higher',
        },
        { case: `${name}: processor time`, unit: 's', ours: cpuSeconds, reference: null, better: 'lower' },
        {
          case: `${name}: peak memory`,
          unit: 'MB',
          ours: peakMb,
          reference: comparable ? MLC_PEAK_MB : null,
          better: 'lower',
        },
      );
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
report(comparable ? 'convert' : `convert-${shape}`, rows, { chromium });
