import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { openFolder } from '../../model-config/convert/folder-source.ts';
import { findChromium, QUIET_FLAGS } from '../chromium.ts';
import type { ConvertHarness } from '../e2e/convert-harness/main.ts';
import { FaultServer } from '../e2e/fault-server.ts';
import { serveHarness } from '../e2e/weights-page.ts';
import { startHubServer } from '../hub-server.ts';
import { findProcess, watchUsage, type Usage } from './process-usage.ts';

declare const harness: ConvertHarness;

const REPOSITORY = 'someone/synthetic';

/**
 * Converts a checkpoint in Chromium, read with Range requests from a local server like the Hub and written into the
 * weight store, in a fresh profile.
 */
export async function convertInChromium(
  checkpoint: string,
  quantisation: 'q4f16_1' | 'q4f32_1' | 'q0f16',
): Promise<Usage & { seconds: number; version: string }> {
  const profile = await mkdtemp(join(tmpdir(), 'bench-profile-'));
  const folder = await openFolder(checkpoint);
  const hub = await startHubServer(REPOSITORY, folder.source);
  const site = await FaultServer.start();
  await serveHarness(site, 'convert-harness');
  site.files.set('/library.wasm', Buffer.from('\0asm\x01\0\0\0', 'latin1'));
  const executablePath = findChromium();
  const context = await chromium.launchPersistentContext(profile, {
    ...(executablePath !== undefined && { executablePath }),
    args: ['--no-sandbox', ...QUIET_FLAGS],
  });
  try {
    const page = await context.newPage();
    await page.goto(`${site.origin}/index.html`);
    await page.waitForFunction(() => 'harness' in globalThis);
    const usage = watchUsage(findProcess(profile));
    const started = performance.now();
    const { error } = await page.evaluate(
      ([repository, url, quantization]) =>
        harness.convert({ kind: 'hub', repository, hub: url }, 'bench', quantization),
      [REPOSITORY, hub.url, quantisation] as const,
    );
    const seconds = (performance.now() - started) / 1000;
    if (error !== undefined) throw new Error(error);
    return { seconds, version: context.browser()?.version() ?? 'unknown', ...usage.stop() };
  } finally {
    await context.close();
    await site.stop();
    await hub.close();
    await folder.close();
    await rm(profile, { recursive: true, force: true });
  }
}
