import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { build } from 'vite';
import type { BuildSource } from '../../src/weights/build.ts';
import type { FaultServer } from './fault-server.ts';
import type { SyntheticBuild } from './synthetic-build.ts';
import type { Harness } from './weights-harness/main.ts';

/** Builds a page under test and puts it on a server, under `prefix`; models come from another server. */
export async function serveHarness(
  server: FaultServer,
  name = 'weights-harness',
  prefix = '',
): Promise<void> {
  const outDir = mkdtempSync(join(tmpdir(), `${name}-`));
  await build({
    configFile: false,
    root: join(import.meta.dirname, name),
    base: './',
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir, emptyOutDir: true, target: 'es2023' },
  });
  server.addFolder(outDir, prefix);
  rmSync(outDir, { recursive: true });
}

/** Puts a build on a server and says where it is. */
export function publish(server: FaultServer, id: string, { files }: SyntheticBuild): BuildSource {
  const sha256: Record<string, string> = {};
  for (const [name, content] of files) {
    server.files.set(`/${id}/${name}`, content);
    if (!name.startsWith('params_shard')) sha256[name] = digestOf(content);
  }
  return { id, weights: `${server.origin}/${id}/`, library: `${server.origin}/${id}/library.wasm`, sha256 };
}

/** SHA-256, hex. */
export function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The page under test, by what it can do. */
export class WeightsPage {
  constructor(readonly page: Page) {}

  async open(origin: string): Promise<void> {
    await this.page.goto(`${origin}/index.html`);
    await this.page.waitForFunction(() => 'harness' in globalThis);
  }

  acquire(source: BuildSource) {
    return this.page.evaluate((build) => harness.acquire(build), source);
  }

  inspect(source: BuildSource) {
    return this.page.evaluate((build) => harness.client.inspect(build), source);
  }

  check(source: BuildSource) {
    return this.page.evaluate((build) => harness.client.check(build), source);
  }

  remove(id: string) {
    return this.page.evaluate((name) => harness.remove(name), id);
  }

  stop(id: string) {
    return this.page.evaluate((name) => harness.client.stop(name), id);
  }

  discard(id: string) {
    return this.page.evaluate((name) => harness.client.discard(name), id);
  }

  progress() {
    return this.page.evaluate(() => harness.progress);
  }

  /** How many records of any kind the databases hold for a model. */
  records(id: string): Promise<number> {
    return this.page.evaluate(
      async (name) => (await harness.readEntries()).filter(({ key }) => key[1] === name).length,
      id,
    );
  }

  /** Bytes held of each file: of those that are whole and verified, and of those that are not yet. */
  verified(id: string): Promise<Record<'whole' | 'partial', Record<string, number>>> {
    return this.page.evaluate(async (name) => {
      const held = { whole: {} as Record<string, number>, partial: {} as Record<string, number> };
      for (const { key, value } of await harness.readEntries()) {
        const [kind, model, , file = ''] = key;
        if (kind !== 'file' || model !== name) continue;
        const { verified, nbytes } = value as { verified: boolean; nbytes: number };
        held[verified ? 'whole' : 'partial'][file] = nbytes;
      }
      return held;
    }, id);
  }

  /** Every file of the build, read as the engine reads it, has the bytes that were published. */
  async expectIntact(source: BuildSource, { files }: SyntheticBuild): Promise<void> {
    const { engine } = await this.inspect(source);
    expect(engine).toBeDefined();
    const expected: Record<string, string> = {};
    for (const [name, content] of files) expected[`${engine?.model ?? ''}${name}`] = digestOf(content);
    const { digests, keys } = await this.page.evaluate((urls) => harness.read(urls), Object.keys(expected));
    expect(digests).toEqual(expected);
    expect(keys).toEqual(expect.arrayContaining(Object.keys(expected)));
    await this.page.evaluate(() => {
      harness.letGo();
    });
  }
}

declare const harness: Harness;
