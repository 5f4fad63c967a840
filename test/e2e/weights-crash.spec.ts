import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, expect, test } from '@playwright/test';
import { FAMILIES } from '../../src/domain/families.ts';
import { buildPrompt } from '../../src/domain/prompt.ts';
import { PART_BYTES } from '../../src/weights/part-writer.ts';
import { FaultServer } from './fault-server.ts';
import type { EngineHarness } from './engine-harness/main.ts';
import { enlargedBuild } from './synthetic-build.ts';
import { publish, serveHarness, WeightsPage } from './weights-page.ts';

const MIB = 2 ** 20;
/** How often the browser is killed on the way, at evenly spread points of the download. */
const KILLS = 12;
/** The demo model, so that the engine can run what was put together, with more to download than it has. */
const DEMO = join(import.meta.dirname, '../../public/models/demo');
const model = enlargedBuild(
  DEMO,
  'demo-q4f32_1.wasm',
  Array.from({ length: 6 }, () => 9 * MIB),
);
const size = [...model.files.values()].reduce((sum, { length }) => sum + length, 0);
/** What one kill may cost: two transfers, each with a part being filled and one being written. Bytes. */
const LOST_BY_A_KILL = 2 * 2 * PART_BYTES;

/** A browser as a process of its own that can be killed without a chance to tidy up. */
async function start(
  profile: string,
  command: string,
  flags: readonly string[],
): Promise<[Browser, ChildProcess]> {
  const portFile = join(profile, 'DevToolsActivePort');
  rmSync(portFile, { force: true });
  const browser = spawn(
    command,
    ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, ...flags, 'about:blank'],
    { detached: true, stdio: 'ignore' },
  );
  for (let i = 0; i < 200 && !/\n./.test(existsSync(portFile) ? readFileSync(portFile, 'utf8') : ''); i += 1)
    await sleep(50);
  const [port = ''] = readFileSync(portFile, 'utf8').split('\n');
  return [await chromium.connectOverCDP(`http://127.0.0.1:${port}`), browser];
}

async function kill(browser: ChildProcess): Promise<void> {
  const { pid, exitCode, signalCode } = browser;
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  // The whole group, so that no child lives on and writes.
  process.kill(-pid, 'SIGKILL');
  await once(browser, 'exit');
}

test('a download survives kills of the browser at any point and fetches nothing verified twice', async () => {
  const { executablePath = chromium.executablePath(), args = [] } =
    test.info().project.use.launchOptions ?? {};
  const site = await FaultServer.start();
  const hub = await FaultServer.start();
  await serveHarness(site);
  await serveHarness(site, 'engine-harness', 'engine/');
  const source = publish(hub, 'crash', model);
  const profile = mkdtempSync(join(tmpdir(), 'weights-crash-'));
  let browser: Browser | undefined;
  let running: ChildProcess | undefined;
  const reopen = async () => {
    [browser, running] = await start(profile, executablePath, args);
    const [context] = browser.contexts();
    const page = await context?.newPage();
    if (!page) throw new Error('The browser has no context.');
    const weights = new WeightsPage(page);
    await weights.open(site.origin);
    return weights;
  };
  try {
    let held = 0;
    for (let i = 1; i <= KILLS; i += 1)
      await test.step(`killed at ${Math.round((100 * i) / (KILLS + 1))} %`, async () => {
        const weights = await reopen();
        const before = await weights.inspect(source);
        const verified = await weights.verified(source.id);
        expect(before.loaded).toBeGreaterThanOrEqual(held);
        held = before.loaded;
        hub.reset();
        hub.manners.rate = 6 * MIB;
        // The kill ends this call too.
        void weights.acquire(source).catch(() => undefined);
        const goal = (size * i) / (KILLS + 1);
        await expect
          .poll(async () => (await weights.progress()).at(-1)?.loaded ?? 0, { intervals: [20] })
          .toBeGreaterThan(goal);
        if (running) await kill(running);
        const here = { ...verified.partial };
        for (const { path, from = 0 } of hub.answers) {
          const name = path.split('/').at(-1) ?? '';
          expect(Object.keys(verified.whole)).not.toContain(name);
          // Each request goes on where the one before it, or the browser before this one, stopped.
          expect(from).toBe(here[name] ?? 0);
          here[name] = from + PART_BYTES;
        }
        held = Math.max(held, goal - LOST_BY_A_KILL);
      });

    const weights = await reopen();
    const { state, loaded } = await weights.inspect(source);
    expect(state).toBe('partial');
    expect(loaded).toBeGreaterThanOrEqual(held);
    hub.reset();
    expect(await weights.acquire(source)).toEqual({ ok: true });
    expect(hub.sent()).toBe(size - loaded);
    await weights.expectIntact(source, model);

    // The engine runs it, and nothing more is fetched for that.
    hub.reset();
    const { page } = weights;
    await page.goto(`${site.origin}/engine/index.html`);
    await page.waitForFunction(() => 'engineHarness' in globalThis);
    const text = buildPrompt(FAMILIES.UltraFeedback, ['Length: be brief'], 'Why?', 'Because it is so.').text;
    const { tokenIds } = await page.evaluate(
      async ([build, prompt]) => {
        await engineHarness.load(build, 2048);
        const settings = { temperature: 0, maxNewTokens: 16, editShaped: false };
        return engineHarness.generate(prompt, 'Because it is so.', settings);
      },
      [source, text] as const,
    );
    expect(tokenIds.length).toBeGreaterThan(0);
    expect(hub.answers).toEqual([]);
    await browser?.close();
  } finally {
    if (running) await kill(running);
    rmSync(profile, { recursive: true, force: true });
    await site.stop();
    await hub.stop();
  }
});

declare const engineHarness: EngineHarness;
