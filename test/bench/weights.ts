import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import type { BuildSource } from '../../src/weights/build.ts';
import { findChromium, QUIET_FLAGS, webgpuFlags } from '../chromium.ts';
import { FaultServer } from '../e2e/fault-server.ts';
import { seededBytes } from '../e2e/synthetic-build.ts';
import { MemorySampler } from './process-memory.ts';
import { report, type Row } from './report.ts';
import type { Backend } from './weights-page/engine-worker.ts';
import { REPORT_PATH, SETTLED_MS, type Task, type Visit } from './weights-page/visit.ts';

/**
 * First visit and warm start, from the start of the visit to the last shard on the GPU: WebLLM's three backends and the
 * weight store on the same page, model and local server, each in a fresh browser profile, in turn, `--rounds` times.
 * Memory while downloading is, for WebLLM's, that of the first visit until its first shard is on the GPU; the store's
 * is that of a whole download without an engine.
 * The model has TinyLlama's shapes in q4f32_1, a few layers more, and seeded random bytes.
 *
 *   npm run bench:weights
 *   npm run bench:weights -- --layers 2 --rounds 1
 */
const { values } = parseArgs({
  options: {
    layers: { type: 'string', default: '28' },
    rounds: { type: 'string', default: '3' },
    backends: { type: 'string', default: 'cache,indexeddb,opfs,ours' },
  },
});
const LAYERS = Number(values.layers);
const ROUNDS = Number(values.rounds);
const BACKENDS = values.backends.split(',') as Backend[];
const SHARD_CAP = 2 ** 25;

/** A download alone, a download with the start of the engine, and a start of what is stored. */
const KINDS = ['download', 'first', 'warm'] as const;
type Kind = (typeof KINDS)[number];

interface Measured extends Visit {
  readonly fetched: number;
  readonly peak: number;
  /** Peak while downloading, above what the browser took before. */
  readonly extra: number;
}

/** TinyLlama's tensors in q4f32_1: codes in uint32, scales and norms stored as bfloat16. */
function tinyLlama(): { name: string; shape: number[]; dtype: string; nbytes: number }[] {
  const tensors: { name: string; shape: number[]; dtype: string; nbytes: number }[] = [];
  const quantised = (name: string, rows: number, columns: number) => {
    tensors.push(
      { name: `${name}.q_weight`, shape: [rows, columns / 8], dtype: 'uint32', nbytes: (rows * columns) / 2 },
      {
        name: `${name}.q_scale`,
        shape: [rows, columns / 32],
        dtype: 'float32',
        nbytes: (rows * columns) / 16,
      },
    );
  };
  const norm = (name: string) => tensors.push({ name, shape: [2048], dtype: 'float32', nbytes: 4096 });
  quantised('lm_head', 32000, 2048);
  quantised('model.embed_tokens', 32000, 2048);
  for (let i = 0; i < LAYERS; i += 1) {
    const layer = `model.layers.${i}`;
    norm(`${layer}.input_layernorm.weight`);
    quantised(`${layer}.mlp.down_proj`, 2048, 5632);
    quantised(`${layer}.mlp.gate_up_proj`, 11264, 2048);
    norm(`${layer}.post_attention_layernorm.weight`);
    quantised(`${layer}.self_attn.qkv_proj`, 2560, 2048);
    quantised(`${layer}.self_attn.o_proj`, 2048, 2048);
  }
  norm('model.norm.weight');
  return tensors;
}

/** Puts the model on the server; returns its size in bytes. */
function publish(server: FaultServer, prefix: string): { bytes: number; shards: number } {
  const shards: ReturnType<typeof tinyLlama>[] = [[]];
  let filled = 0;
  for (const tensor of tinyLlama()) {
    if (filled + tensor.nbytes > SHARD_CAP && filled > 0) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)?.push(tensor);
    filled += tensor.nbytes;
  }
  let bytes = 0;
  const records = shards.map((tensors, i) => {
    let byteOffset = 0;
    const placed = tensors.map((tensor) => {
      const record = { ...tensor, format: 'f32-to-bf16', byteOffset };
      byteOffset += tensor.nbytes;
      return record;
    });
    const content = seededBytes(byteOffset, i + 1);
    const dataPath = `params_shard_${i}.bin`;
    server.files.set(`${prefix}${dataPath}`, content);
    bytes += byteOffset;
    const md5sum = createHash('md5').update(content).digest('hex');
    return { dataPath, format: 'raw-shard', nbytes: byteOffset, records: placed, md5sum };
  });
  server.files.set(`${prefix}tensor-cache.json`, Buffer.from(JSON.stringify({ metadata: {}, records })));
  const demo = new URL('../../public/models/demo/', import.meta.url);
  for (const name of ['mlc-chat-config.json', 'tokenizer.json'])
    server.files.set(prefix + name, readFileSync(new URL(name, demo)));
  server.files.set(`${prefix}library.wasm`, readFileSync(new URL('demo-q4f32_1.wasm', demo)));
  return { bytes, shards: records.length };
}

async function servePage(server: FaultServer): Promise<void> {
  const outDir = mkdtempSync(join(tmpdir(), 'weights-bench-'));
  await build({
    configFile: false,
    root: join(import.meta.dirname, 'weights-page'),
    base: './',
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir, emptyOutDir: true, target: 'es2023' },
  });
  server.addFolder(outDir);
  rmSync(outDir, { recursive: true });
}

/**
 * One visit in a browser of its own; a profile that was there before makes it a warm start. The page is told what to do
 * by its address and answers with a request, and nothing else is attached to the browser: whoever watches its network
 * traffic (as test drivers do) makes it keep the files that pages fetch in memory, 100 MB of them, and read more slowly.
 */
async function visit(
  profile: string,
  server: FaultServer,
  backend: Backend,
  downloadOnly = false,
): Promise<Measured> {
  const folder = `${server.origin}/model/resolve/main/`;
  const source: BuildSource = { id: 'bench', weights: folder, library: `${folder}library.wasm` };
  const task = encodeURIComponent(JSON.stringify({ backend, source, downloadOnly } satisfies Task));
  server.answers.length = 0;
  const flags = ['--no-sandbox', '--no-default-browser-check', ...QUIET_FLAGS, ...webgpuFlags()];
  const browser = spawn(
    findChromium() ?? chromium.executablePath(),
    ['--headless=new', `--user-data-dir=${profile}`, ...flags, `${server.origin}/index.html#${task}`],
    { stdio: 'ignore' },
  );
  const exited = once(browser, 'exit');
  const memory = new MemorySampler(browser.pid ?? NaN);
  try {
    const measured = await reported(server, exited);
    memory.stop();
    const { started, downloaded } = measured;
    return {
      ...measured,
      fetched: server.answers
        .filter(({ path }) => path.startsWith('/model/'))
        .reduce((sum, { bytes }) => sum + bytes, 0),
      peak: memory.peak(started, Infinity),
      extra: memory.peak(started, started + downloaded * 1000) - memory.peak(started - SETTLED_MS, started),
    };
  } finally {
    memory.stop();
    // Lets it write down what it has, its other processes too; the profile is visited again.
    browser.kill();
    await exited;
    // A browser that starts in a profile which is still being left may never open its page.
    await sleep(2000);
  }
}

/** Waits for what the page has to say. */
async function reported(server: FaultServer, exited: Promise<unknown>): Promise<Visit> {
  const ended = exited.then(() => true);
  const deadline = Date.now() + 120_000;
  for (;;) {
    const report = server.answers.find(({ path }) => path.startsWith(REPORT_PATH));
    if (report) {
      const answer = JSON.parse(report.path.slice(REPORT_PATH.length)) as Visit | { failed: string };
      if ('failed' in answer) throw new Error(answer.failed);
      return answer;
    }
    if (await Promise.race([ended, sleep(50, false)]))
      throw new Error('The browser ended before the visit did.');
    if (Date.now() > deadline) throw new Error('The page has not answered for two minutes.');
  }
}

function newProfile(): string {
  return mkdtempSync(join(tmpdir(), 'weights-bench-profile-'));
}

function dropProfile(profile: string): void {
  rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? NaN;
}

const server = await FaultServer.start();
const results = new Map<string, Measured[]>();
try {
  await servePage(server);
  const { bytes, shards } = publish(server, '/model/resolve/main/');
  console.log(`${(bytes / 1e6).toFixed(0)} MB of weights in ${shards} shards, ${ROUNDS} rounds`);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const backend of BACKENDS) {
      let profile = newProfile();
      try {
        for (const kind of KINDS) {
          // The store's download ends while the engine starts, so the memory that it takes shows only without one.
          if (kind === 'download' && backend !== 'ours') continue;
          const measured = await visit(profile, server, backend, kind === 'download');
          const key = `${kind} ${backend}`;
          results.set(key, [...(results.get(key) ?? []), measured]);
          const { lastShard, downloaded, fetched, peak, extra } = measured;
          console.log(
            `${key}: ${lastShard.toFixed(2)} s (downloaded after ${downloaded.toFixed(2)} s), ${(fetched / 1e6).toFixed(1)} MB fetched, ` +
              `peak ${(peak / 1e6).toFixed(0)} MB` +
              // A warm start downloads nothing.
              (kind === 'warm' ? '' : `, ${(extra / 1e6).toFixed(0)} MB more than before while downloading`),
          );
          if (kind !== 'download') continue;
          dropProfile(profile);
          profile = newProfile();
        }
      } finally {
        dropProfile(profile);
      }
    }
} finally {
  await server.stop();
}

const of = (kind: Kind, backend: Backend, field: keyof Measured) =>
  median((results.get(`${kind} ${backend}`) ?? []).map((measured) => measured[field]));
const THEIRS = BACKENDS.filter((backend) => backend !== 'ours');
const compare = (
  title: string,
  unit: string,
  kind: Kind,
  field: keyof Measured,
  scale = 1,
  oursKind = kind,
): Row[] =>
  THEIRS.map((backend) => ({
    case: `${title}, WebLLM's ${backend}`,
    unit,
    ours: of(oursKind, 'ours', field) / scale,
    reference: of(kind, backend, field) / scale,
    better: 'lower',
  }));
report(
  'weights',
  [
    ...compare('first visit to last shard on the GPU', 's', 'first', 'lastShard'),
    ...compare('warm start to last shard on the GPU', 's', 'warm', 'lastShard'),
    ...compare('bytes fetched on the first visit', 'MB', 'first', 'fetched', 1e6),
    ...compare('bytes fetched on a warm start', 'MB', 'warm', 'fetched', 1e6),
    ...compare('peak memory of the browser, first visit', 'MB', 'first', 'peak', 1e6),
    ...compare('peak memory of the browser, warm start', 'MB', 'warm', 'peak', 1e6),
    ...compare('memory added while downloading', 'MB', 'first', 'extra', 1e6, 'download'),
  ],
  { 'web-llm': '0.2.86' },
);
