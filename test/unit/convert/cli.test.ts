import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writeCheckpoint } from '../../bench/synthetic-checkpoint.ts';

// Each run is a process of its own, which takes a second or two on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const ROOT = new URL('../../../', import.meta.url).pathname;
const GOLDEN = `${ROOT}test/fixtures/mlc/a_f16_single`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'convert-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  code: number | null;
  out: string;
  err: string;
}

/** The command line in its own process, as a person starts it. */
function convert(
  args: string[],
  watch?: (kill: (signal: NodeJS.Signals) => void) => Promise<void>,
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'model-config/convert.ts', ...args], {
      cwd: ROOT,
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => (out += String(data)));
    child.stderr.on('data', (data) => (err += String(data)));
    child.on('close', (code) => {
      resolve({ code, out, err });
    });
    child.on('error', reject);
    watch?.((signal) => child.kill(signal)).catch(reject);
  });
}

const output = (): string => join(folder, 'build');

async function expectGolden(): Promise<void> {
  for (const name of ['params_shard_0.bin', 'tensor-cache.json', 'tokenizer.json']) {
    expect(
      (await readFile(join(output(), name))).equals(await readFile(`${GOLDEN}/q4f32_1/${name}`)),
      name,
    ).toBe(true);
  }
}

const goldenArgs = (): string[] => [`${GOLDEN}/hf`, '--quantization', 'q4f32_1', '--output', output()];

test('--help explains the command', async () => {
  const { code, out } = await convert(['--help']);
  expect(code).toBe(0);
  for (const option of [
    '--quantization',
    '--output',
    '--context-window-size',
    '--prefill-chunk-size',
    '--shard-cap-bytes',
    '--force',
  ]) {
    expect(out).toContain(option);
  }
});

test('a folder becomes a build', async () => {
  const { code, out } = await convert(goldenArgs());
  expect(code).toBe(0);
  expect(out).toMatch(/1 shard\(s\), 0\.3 MB/);
  await expectGolden();
  expect((await readdir(output())).sort()).toEqual((await readdir(`${GOLDEN}/q4f32_1`)).sort());
});

test('a checkpoint without a tokenizer gets LLaMA-2’s, and a note', async () => {
  const checkpoint = join(folder, 'checkpoint');
  await writeCheckpoint(checkpoint, 'small', 1);
  await rm(join(checkpoint, 'tokenizer.json'));
  const { code, err } = await convert([checkpoint, '--quantization', 'q4f16_1', '--output', output()]);
  expect(code).toBe(0);
  expect(err).toContain("Note: The checkpoint has no tokenizer: LLaMA-2's is taken");
  const config = JSON.parse(await readFile(join(output(), 'mlc-chat-config.json'), 'utf8')) as object;
  expect(config).toMatchObject({ tokenizer_files: ['tokenizer.json'], active_vocab_size: 32000 });
  const { model } = JSON.parse(await readFile(join(output(), 'tokenizer.json'), 'utf8')) as {
    model: { vocab: Record<string, number> };
  };
  expect(model.vocab['▁You']).toBe(887);
});

test('a full folder is refused, and with --force only the old build goes', async () => {
  await mkdir(output());
  await writeFile(join(output(), 'NOTICE'), 'not ours');
  await writeFile(join(output(), 'params_shard_7.bin'), 'of an older build');
  const refused = await convert(goldenArgs());
  expect(refused.code).toBe(1);
  expect(refused.err.trim().split('\n')).toEqual([
    expect.stringMatching(/^Error: .*holds 2 file\(s\) already.*--force/),
  ]);
  expect((await readdir(output())).filter((name) => !name.startsWith('.')).sort()).toEqual([
    'NOTICE',
    'params_shard_7.bin',
  ]);
  const forced = await convert([...goldenArgs(), '--force']);
  expect(forced.code).toBe(0);
  await expectGolden();
  expect(await readFile(join(output(), 'NOTICE'), 'utf8')).toBe('not ours');
  expect(await readdir(output())).not.toContain('params_shard_7.bin');
  expect(await readdir(output())).not.toContain('.partial');
});

test.each([
  [
    ['/nowhere', '--quantization', 'q4f16_1', '--output', 'x'],
    /neither a folder nor the name of a Hub repository/,
  ],
  [['.', '--output', 'x'], /--quantization is missing/],
  [['.', '--quantization', 'q8', '--output', 'x'], /q8 is not one of q4f16_1/],
  [['.', '--quantization', 'q4f16_1'], /--output is missing/],
  [
    ['.', '--quantization', 'q4f16_1', '--output', 'x', '--context-window-size', '0'],
    /--context-window-size 0 is not/,
  ],
  [['.', '--nonsense'], /--nonsense/],
  [[], /Name one folder/],
])('%j: one clear line and an exit code', async (args, message) => {
  const { code, err } = await convert(args);
  expect(code).toBe(1);
  expect(err.trim().split('\n')).toEqual([expect.stringMatching(message)]);
});

test(
  'killed at any moment, it leaves nothing that looks whole, and goes on where it stood',
  { timeout: 120_000 },
  async () => {
    const checkpoint = join(folder, 'checkpoint');
    await writeCheckpoint(checkpoint, 'small');
    const args = (to: string): string[] => [
      checkpoint,
      '--quantization',
      'q4f16_1',
      '--output',
      to,
      '--shard-cap-bytes',
      '2000000',
      '--threads',
      '1',
    ];
    const whole = join(folder, 'whole');
    expect((await convert(args(whole))).code).toBe(0);

    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const to = join(folder, signal);
      const stopped = await convert(args(to), async (kill) => {
        while (
          !(await readFile(join(to, '.partial/state.json'), 'utf8').catch(() => '')).includes(
            'params_shard_0',
          )
        ) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        kill(signal);
      });
      expect(stopped.code).not.toBe(0);
      expect(
        (await readdir(to)).filter((name) => name !== '.partial'),
        signal,
      ).toEqual([]);
      const resumed = await convert(args(to));
      expect(resumed.code).toBe(0);
      expect(resumed.out).toMatch(/[1-9]\d* of them from the interrupted run/);
      expect((await readdir(to)).sort()).toEqual((await readdir(whole)).sort());
      for (const name of await readdir(whole)) {
        expect((await readFile(join(to, name))).equals(await readFile(join(whole, name))), name).toBe(true);
      }
    }
  },
);

test('a shard that was damaged after an interruption is made again', async () => {
  const partial = join(output(), '.partial');
  const checkpoint = join(folder, 'checkpoint');
  await writeCheckpoint(checkpoint, 'small');
  const args = [
    checkpoint,
    '--quantization',
    'q4f16_1',
    '--output',
    output(),
    '--shard-cap-bytes',
    '2000000',
    '--threads',
    '1',
  ];
  await convert(args, async (kill) => {
    while (
      !(await readFile(join(partial, 'state.json'), 'utf8').catch(() => '')).includes('params_shard_0')
    ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    kill('SIGKILL');
  });
  const before = await readFile(join(partial, 'params_shard_0.bin'));
  const damaged = Buffer.from(before);
  damaged[17] = (damaged[17] as number) ^ 1;
  await writeFile(join(partial, 'params_shard_0.bin'), damaged);
  expect((await convert(args)).code).toBe(0);
  expect((await readFile(join(output(), 'params_shard_0.bin'))).equals(before)).toBe(true);
});
