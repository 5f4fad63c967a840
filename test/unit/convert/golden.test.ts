import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { conversionEn } from '../../../src/domain/texts/conversion.en.ts';
import { write } from '../../../src/domain/texts/told.ts';
import type { ThreadPool } from '../../../src/weights/convert/block-pool.ts';
import { convert } from '../../../src/weights/convert/convert.ts';
import type { ConversionOptions } from '../../../src/weights/convert/plan.ts';
import { openFolder } from '../../../model-config/convert/folder-source.ts';
import { FolderSink } from '../../../model-config/convert/folder-sink.ts';
import { startThreads } from '../../../model-config/convert/threads.ts';

/** What MLC's own converter made of two synthetic checkpoints (mlc-llm 79d603f, apache-tvm 0.27). */
const MLC = new URL('../../fixtures/mlc/', import.meta.url).pathname;

let pool: ThreadPool;
let output: string;

beforeAll(async () => {
  pool = startThreads(2);
  output = await mkdtemp(join(tmpdir(), 'golden-'));
});
afterEach(async () => {
  await rm(output, { recursive: true, force: true });
});
afterAll(() => pool.close());

async function run(checkpoint: string, options: ConversionOptions): Promise<string[]> {
  const folder = await openFolder(checkpoint);
  const warnings: string[] = [];
  try {
    await convert(folder.source, new FolderSink(output, false), options, {
      pool,
      onWarning: (warning) => warnings.push(write(conversionEn.warnings, warning)),
    });
  } finally {
    await folder.close();
  }
  return warnings;
}

async function expectSameFiles(golden: string): Promise<void> {
  const names = (await readdir(golden)).sort();
  expect((await readdir(output)).sort()).toEqual(names);
  for (const name of names) {
    const [ours, theirs] = await Promise.all([readFile(join(output, name)), readFile(join(golden, name))]);
    if (name === 'mlc-chat-config.json') {
      expect(JSON.parse(ours.toString())).toEqual(JSON.parse(theirs.toString()));
    } else {
      expect(ours.equals(theirs), `${name} differs`).toBe(true);
    }
  }
}

test.each([
  ['a_f16_single', 'q4f16_1'],
  ['a_f16_single', 'q4f32_1'],
  ['b_bf16_sharded', 'q4f16_1'],
  ['b_bf16_sharded', 'q4f32_1'],
] as const)('%s becomes the same %s files as with MLC', async (variant, quantisation) => {
  await run(`${MLC}${variant}/hf`, { quantisation });
  await expectSameFiles(`${MLC}${variant}/${quantisation}`);
});

test('a small shard cap gives the same shards as MLC', async () => {
  await run(`${MLC}a_f16_single/hf`, { quantisation: 'q4f16_1', shardCap: 2048 });
  const golden = `${MLC}a_f16_single/q4f16_1-cap2KiB`;
  for (const name of await readdir(golden)) {
    expect((await readFile(join(output, name))).equals(await readFile(join(golden, name))), name).toBe(true);
  }
});

test('context, prefill chunk and batch size go into the config', async () => {
  await run(`${MLC}a_f16_single/hf`, {
    quantisation: 'q4f16_1',
    contextWindowSize: 2048,
    prefillChunkSize: 512,
    maxBatchSize: 1,
  });
  const golden = await readFile(`${MLC}a_f16_single/genconfig-ctx2048-chunk512/mlc-chat-config.json`, 'utf8');
  const ours = await readFile(join(output, 'mlc-chat-config.json'), 'utf8');
  expect(JSON.parse(ours)).toEqual(JSON.parse(golden));
});

test('a value that overflows in the cast is kept as MLC keeps it, and said aloud', async () => {
  const warnings = await run(`${MLC}b_bf16_sharded/hf`, { quantisation: 'q4f16_1' });
  expect(warnings).toContain('lm_head.weight: 39 value(s) are too large for float16 and became infinite.');
});
