import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeCheckpoint, type ShapeName } from './synthetic-checkpoint.ts';

/**
 * Converts synthetic bf16 checkpoints with the command line, each in a process of its own, and prints speed and peak
 * memory. The disk must have room for the checkpoint and the build.
 *
 *   npm run bench:convert
 *   npm run bench:convert -- --shape llama2-13b --layers 3
 */
const ROOT = new URL('../../', import.meta.url).pathname;

/** MLC's own converter on the 2.2 GB of TinyLlama, on two cores: seconds and peak memory in MB. */
const REFERENCE: Readonly<Record<string, number>> = {
  'q4f16_1 seconds': 57,
  'q4f32_1 seconds': 18,
  'peak MB': 3900,
};

interface Row {
  case: string;
  unit: string;
  ours: number;
  reference: number | null;
  ratio: number | null;
  better: 'lower' | 'higher';
}

interface Measured {
  seconds: number;
  /** Of all threads: what is left of the time on a machine that does nothing else. */
  cpuSeconds: number;
  peakMb: number;
}

/** Largest resident memory in MB and processor seconds of a process so far (Linux). */
async function usage(pid: number): Promise<{ peakMb: number; cpuSeconds: number }> {
  const [status, stat] = await Promise.all(
    ['status', 'stat'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
  );
  // utime and stime, in ticks of 10 ms, are the 12th and 13th field behind the name in brackets.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return {
    peakMb: Number(/VmHWM:\s+(\d+) kB/.exec(status ?? '')?.[1] ?? 0) * 1.024e-3,
    cpuSeconds: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100,
  };
}

async function convert(checkpoint: string, quantisation: string, output: string): Promise<Measured> {
  const args = [
    '--import',
    'tsx',
    'model-config/convert.ts',
    checkpoint,
    '--quantization',
    quantisation,
    '--output',
    output,
  ];
  const started = performance.now();
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr.on('data', (data) => (err += String(data)));
  let peakMb = 0;
  let cpuSeconds = 0;
  const timer = setInterval(() => {
    void usage(child.pid ?? 0).then((now) => {
      peakMb = Math.max(peakMb, now.peakMb);
      cpuSeconds = Math.max(cpuSeconds, now.cpuSeconds);
    });
  }, 50);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`The conversion failed: ${err}`);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds, peakMb };
}

function row(name: string, unit: string, ours: number, reference: number | null, better: Row['better']): Row {
  const rounded = Number(ours.toPrecision(4));
  return {
    case: name,
    unit,
    ours: rounded,
    reference,
    ratio: reference && Number((ours / reference).toFixed(3)),
    better,
  };
}

const { values } = parseArgs({
  options: {
    shape: { type: 'string', default: 'tinyllama-1.1b' },
    layers: { type: 'string' },
    runs: { type: 'string', default: '3' },
  },
});
const shape = values.shape as ShapeName;
const layers = values.layers === undefined ? undefined : Number(values.layers);
const isReference = shape === 'tinyllama-1.1b' && layers === undefined;
const folder = await mkdtemp(join(tmpdir(), 'bench-convert-'));
const rows: Row[] = [];
try {
  const checkpoint = join(folder, 'checkpoint');
  const bytes = await writeCheckpoint(checkpoint, shape, layers);
  const of = `${shape}${layers === undefined ? '' : ` with ${layers} layers`}, ${(bytes / 1e9).toFixed(2)} GB of bf16`;
  for (const quantisation of ['q4f16_1', 'q4f32_1', 'q0f16']) {
    const runs: Measured[] = [];
    for (let i = 0; i < Number(values.runs); i++) {
      const output = join(folder, 'build');
      runs.push(await convert(checkpoint, quantisation, output));
      await rm(output, { recursive: true });
    }
    runs.sort((a, b) => a.seconds - b.seconds);
    const { seconds, cpuSeconds } = runs[Math.floor(runs.length / 2)] as Measured;
    const reference = (key: string): number | null => (isReference ? (REFERENCE[key] ?? null) : null);
    rows.push(
      row(`${quantisation}: time (${of})`, 's', seconds, reference(`${quantisation} seconds`), 'lower'),
      row(`${quantisation}: processor time, all threads`, 's', cpuSeconds, null, 'lower'),
      row(`${quantisation}: speed`, 'MB/s', bytes / 1e6 / seconds, null, 'higher'),
      row(
        `${quantisation}: peak memory`,
        'MB',
        Math.max(...runs.map(({ peakMb }) => peakMb)),
        reference('peak MB'),
        'lower',
      ),
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`;
const results = { name: 'convert', machine, versions: { node: process.version }, rows };
const resultFolder = join(ROOT, 'test/bench/results');
await mkdir(resultFolder, { recursive: true });
await writeFile(
  join(resultFolder, isReference ? 'convert.json' : `convert-${shape}.json`),
  JSON.stringify(results, null, 2),
);
console.log(`${machine}, Node ${process.version}, median of ${values.runs} runs`);
console.table(rows);
