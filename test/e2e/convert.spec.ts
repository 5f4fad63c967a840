import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, test, type Page } from '@playwright/test';
import { openFolder, type OpenFolder } from '../../model-config/convert/folder-source.ts';
import { findChromium, QUIET_FLAGS } from '../chromium.ts';
import { startHubServer, type HubServer } from '../hub-server.ts';
import type { ConvertHarness } from './convert-harness/main.ts';
import { FaultServer } from './fault-server.ts';
import { serveHarness } from './weights-page.ts';

declare const harness: ConvertHarness;

const FIXTURES = join(import.meta.dirname, '../fixtures');
const CHECKPOINT = join(FIXTURES, 'mlc/b_bf16_sharded/hf');
const LIBRARY = Buffer.from('\0asm\x01\0\0\0', 'latin1');
const REPOSITORY = 'someone/tiny-llama';

/** SHA-256 of every file of a folder, beside the library that each build in the store has. */
function digestsOf(folder: string, names = readdirSync(folder)): Record<string, string> {
  const files: [string, Buffer][] = names.map((name) => [name, readFileSync(join(folder, name))]);
  files.push(['library.wasm', LIBRARY]);
  return Object.fromEntries(
    files.map(([name, content]) => [name, createHash('sha256').update(content).digest('hex')]),
  );
}

test.describe('conversion in the browser', () => {
  let site: FaultServer;
  let folder: OpenFolder;
  let hub: HubServer;
  let node: string;
  let page: Page;

  test.beforeAll(async ({ browser }) => {
    site = await FaultServer.start();
    await serveHarness(site, 'convert-harness');
    site.files.set('/library.wasm', LIBRARY);
    site.addFolder(CHECKPOINT, 'checkpoint/');
    site.addFolder(join(FIXTURES, 'mlc/a_f16_single/q4f32_1'), 'build/');
    folder = await openFolder(CHECKPOINT);
    hub = await startHubServer(REPOSITORY, folder.source, { busyEvery: 6, dropEvery: 9, expireAfter: 7 });
    node = mkdtempSync(join(tmpdir(), 'convert-'));
    // The same conversion by the command line.
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        '--import',
        'tsx',
        'model-config/convert.ts',
        CHECKPOINT,
        '--quantization',
        'q4f16_1',
        '--output',
        node,
      ],
      { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8' },
    );
    expect(stderr).not.toContain('Error');
    expect(status).toBe(0);
    page = await browser.newPage();
    await page.goto(`${site.origin}/index.html`);
    await page.waitForFunction(() => 'harness' in globalThis);
  });
  test.afterAll(async () => {
    await page.close();
    await hub.close();
    await folder.close();
    await site.stop();
    rmSync(node, { recursive: true });
  });

  const digests = (id: string) => page.evaluate((name) => harness.digests(name), id);
  const fromHub = (id: string, shardCap?: number, stopAfter?: number) =>
    page.evaluate(
      ([repository, url, build, cap, after]) =>
        harness.convert({ kind: 'hub', repository, hub: url }, build, 'q4f16_1', cap, after),
      [REPOSITORY, hub.url, id, shardCap, stopAfter] as const,
    );

  test('a checkpoint on the Hub is converted into the store, with the bytes of the command line', async () => {
    const { error, warnings, summary, reports } = await fromHub('hub');
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ shards: 1, resumedShards: 0 });
    expect(warnings.join('\n')).toContain('too large for float16');
    expect(reports).toBeGreaterThan(0);
    expect(await digests('hub')).toEqual(digestsOf(node));
    for (const name of ['params_shard_0.bin', 'tensor-cache.json']) {
      const golden = digestsOf(join(FIXTURES, 'mlc/b_bf16_sharded/q4f16_1'), [name]);
      expect((await digests('hub'))[name]).toBe(golden[name]);
    }
  });

  test('the same checkpoint from a folder gives the same bytes', async () => {
    const urls = readdirSync(CHECKPOINT).map((name) => `${site.origin}/checkpoint/${name}`);
    const { error } = await page.evaluate((list) => harness.convertFiles(list, 'folder', 'q4f16_1'), urls);
    expect(error).toBeUndefined();
    expect(await digests('folder')).toEqual(digestsOf(node));
  });

  test('a stopped conversion is not ready, and goes on where it stood', async () => {
    const stopped = await fromHub('resumed', 4096, 5);
    expect(stopped.error).toContain('stopped by the test');
    expect(await digests('resumed')).toEqual({});
    const before = hub.requests.length;
    const resumed = await fromHub('resumed', 4096);
    expect(resumed.error).toBeUndefined();
    expect(resumed.summary?.resumedShards).toBeGreaterThan(0);
    const again = hub.requests.length - before;
    const whole = await fromHub('whole', 4096);
    expect(await digests('resumed')).toEqual(await digests('whole'));
    expect(again).toBeLessThan(hub.requests.length - before - again);
    expect(whole.error).toBeUndefined();
  });

  test('reading a file ends though garbage is collected while it waits', async () => {
    const path = join(node, 'large.bin');
    writeFileSync(path, Buffer.alloc(64 * 2 ** 20));
    const executablePath = findChromium();
    const collecting = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      args: ['--no-sandbox', ...QUIET_FLAGS, '--js-flags=--expose-gc'],
    });
    try {
      const reader = await collecting.newPage();
      await reader.goto(`${site.origin}/index.html`);
      await reader.waitForFunction(() => 'harness' in globalThis);
      await reader.evaluate(() => {
        document.body.append(Object.assign(document.createElement('input'), { type: 'file' }));
      });
      await reader.locator('input').setInputFiles(path);
      expect(await reader.evaluate(() => harness.readParts(2 ** 20))).toBe(64 * 2 ** 20);
    } finally {
      await collecting.close();
      rmSync(path);
    }
  });

  test('a ready build from a folder is copied after its sums are checked', async () => {
    const build = join(FIXTURES, 'mlc/a_f16_single/q4f32_1');
    const urls = readdirSync(build).map((name) => `${site.origin}/build/${name}`);
    const { error } = await page.evaluate((list) => harness.convertFiles(list, 'copied', 'q4f32_1'), urls);
    expect(error).toBeUndefined();
    expect(await digests('copied')).toEqual(digestsOf(build));

    site.once('/build/params_shard_0.bin', { kind: 'corrupt', at: 1000 });
    const damaged = await page.evaluate((list) => harness.convertFiles(list, 'damaged', 'q4f32_1'), urls);
    expect(damaged.error).toMatch(/params_shard_0\.bin: The file is damaged/);
    expect(await digests('damaged')).toEqual({});
  });

  test('what cannot become a model is refused by name', async () => {
    const urls = readdirSync(CHECKPOINT).map((name) => `${site.origin}/checkpoint/${name}`);
    const without = (name: string) =>
      page.evaluate(
        (list) => harness.convertFiles(list, 'refused', 'q4f16_1'),
        urls.filter((url) => !url.endsWith(name)),
      );
    expect((await without('/tokenizer.json')).error).toMatch(
      /ConversionError: tokenizer\.json: .* beside config\.json/,
    );
    expect((await without('00002-of-00002.safetensors')).error).toMatch(
      /model-00002-of-00002\.safetensors: .*is not there/,
    );
    expect((await without('/config.json')).error).toMatch(
      /neither config\.json .* nor mlc-chat-config\.json/,
    );
    expect(await digests('refused')).toEqual({});
  });

  test('a finished build is saved as one archive that tar reads', async () => {
    const bytes = await page.evaluate(() => harness.archive('copied'));
    const folderPath = mkdtempSync(join(tmpdir(), 'archive-'));
    writeFileSync(join(folderPath, 'build.tar'), Uint8Array.from(bytes));
    const { status } = spawnSync('tar', ['-xf', 'build.tar'], { cwd: folderPath });
    expect(status).toBe(0);
    rmSync(join(folderPath, 'build.tar'));
    expect(digestsOf(folderPath)).toEqual(await digests('copied'));
    rmSync(folderPath, { recursive: true });
  });
});
