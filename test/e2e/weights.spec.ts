import { expect, test } from '@playwright/test';
import { FaultServer } from './fault-server.ts';
import { syntheticBuild } from './synthetic-build.ts';
import type { Harness } from './weights-harness/main.ts';
import { digestOf, publish, serveHarness, WeightsPage } from './weights-page.ts';

const MIB = 2 ** 20;
const model = syntheticBuild([9 * MIB, 6 * MIB + 2, 100, 5 * MIB]);
const [first = ''] = model.shards;

test.describe('weight store', () => {
  let site: FaultServer;
  let hub: FaultServer;

  test.beforeAll(async () => {
    site = await FaultServer.start();
    hub = await FaultServer.start();
    await serveHarness(site);
  });
  test.afterAll(async () => {
    await site.stop();
    await hub.stop();
  });
  test.beforeEach(() => {
    hub.reset();
  });

  const open = async (page: ConstructorParameters<typeof WeightsPage>[0]) => {
    const weights = new WeightsPage(page);
    await weights.open(site.origin);
    return weights;
  };

  test('downloads a build once, reports its bytes and serves it to the engine', async ({ page }) => {
    const source = publish(hub, 'plain', model);
    const weights = await open(page);
    expect(await weights.inspect(source)).toEqual({ state: 'missing', loaded: 0, total: 0, outdated: false });
    hub.manners.rate = 8 * MIB;
    expect(await weights.acquire(source)).toEqual({ ok: true });

    const size = [...model.files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(hub.sent()).toBe(size);
    expect(await weights.inspect(source)).toMatchObject({ state: 'ready', loaded: size, total: size });
    const progress = (await weights.progress()).filter(({ phase }) => phase === 'downloading');
    expect(progress.length).toBeGreaterThan(3);
    expect(progress.every(({ loaded }, i) => loaded >= (progress[i - 1]?.loaded ?? 0))).toBe(true);
    expect(progress.at(-1)?.speed).toBeGreaterThan(MIB);
    await weights.expectIntact(source, model);

    hub.answers.length = 0;
    await page.reload();
    await weights.open(site.origin);
    expect(await weights.acquire(source)).toEqual({ ok: true });
    expect(hub.answers).toEqual([]);
  });

  test('goes on inside a file after broken connections, stalls and overload', async ({ page }) => {
    const source = publish(hub, 'faults', model);
    const [one = '', two = '', three = '', four = ''] = model.shards.map((name) => `/faults/${name}`);
    hub.once(one, { kind: 'drop', after: 4 * MIB }, { kind: 'drop', after: 2 * MIB });
    hub.once(two, { kind: 'stall', after: 3 * MIB });
    hub.once(
      three,
      { kind: 'status', status: 503 },
      { kind: 'status', status: 429, headers: { 'Retry-After': '1' } },
    );
    hub.once(four, { kind: 'truncate', after: 4 * MIB });
    // Slow enough for files to be streamed, so that every byte that came counts.
    hub.manners.rate = 16 * MIB;
    const weights = await open(page);
    expect(await weights.acquire(source)).toEqual({ ok: true });

    const requests = (path: string) => hub.answers.filter((answer) => answer.path === path);
    // A cut connection loses what is on its way, so each attempt goes on somewhere before the cut.
    const starts = requests(one).map(({ from }) => from ?? 0);
    expect(starts).toHaveLength(3);
    expect(starts[1]).toBeGreaterThan(3 * MIB);
    expect(starts[2]).toBeGreaterThan(starts[1] ?? 0);
    expect(requests(two)[1]?.from).toBe(3 * MIB);
    expect(requests(four)[1]?.from).toBe(4 * MIB);
    const [, asked, again] = requests(three);
    expect((again?.at ?? 0) - (asked?.at ?? 0)).toBeGreaterThanOrEqual(1000);
    expect((await weights.progress()).some(({ phase }) => phase === 'waiting')).toBe(true);
    await weights.expectIntact(source, model);
  });

  test('starts a file over on a server without Range, with no Content-Length either', async ({ page }) => {
    const source = publish(hub, 'no-range', model);
    hub.manners = { ...hub.manners, range: false, contentLength: false };
    hub.once(`/no-range/${first}`, { kind: 'drop', after: 5 * MIB });
    const weights = await open(page);
    expect(await weights.acquire(source)).toEqual({ ok: true });
    expect(hub.sent(`/no-range/${first}`)).toBeGreaterThanOrEqual(13 * MIB);
    await weights.expectIntact(source, model);
  });

  test('never keeps wrong bytes: fetches that file alone again, then gives up with its name', async ({
    page,
  }) => {
    const source = publish(hub, 'corrupt', model);
    hub.once(`/corrupt/${first}`, { kind: 'corrupt', at: 4 * MIB });
    const weights = await open(page);
    expect(await weights.acquire(source)).toEqual({ ok: true });
    for (const name of model.shards) {
      const bytes = model.files.get(name)?.length ?? 0;
      expect(hub.sent(`/corrupt/${name}`)).toBe(name === first ? 2 * bytes : bytes);
    }
    await weights.expectIntact(source, model);

    const hopeless = publish(hub, 'hopeless', model);
    hub.always(`/hopeless/${first}`, { kind: 'corrupt', at: 1 });
    const refused = await weights.acquire(hopeless);
    expect(refused).toMatchObject({ ok: false, code: 'bad-file' });
    expect('message' in refused && refused.message).toMatch(/params_shard_0\.bin.*MD5/);
    expect(await weights.inspect(hopeless)).toMatchObject({ state: 'partial' });
    // The server is repaired: only the bad file is fetched.
    hub.reset();
    expect(await weights.acquire(hopeless)).toEqual({ ok: true });
    expect(hub.sent('/hopeless/params_shard_1.bin')).toBe(0);
    await weights.expectIntact(hopeless, model);
  });

  test('pauses, goes on, and discards', async ({ page }) => {
    const source = publish(hub, 'pause', model);
    hub.manners.rate = 3 * MIB;
    const weights = await open(page);
    const running = weights.acquire(source);
    await expect.poll(async () => (await weights.progress()).at(-1)?.loaded ?? 0).toBeGreaterThan(4 * MIB);
    await weights.stop(source.id);
    expect(await running).toMatchObject({ ok: false, code: 'stopped' });
    const { state, loaded } = await weights.inspect(source);
    expect(state).toBe('partial');
    expect(loaded).toBeGreaterThan(4 * MIB);

    hub.reset();
    hub.manners.rate = 3 * MIB;
    const again = weights.acquire(source);
    await expect.poll(async () => (await weights.progress()).at(-1)?.loaded ?? 0).toBeGreaterThan(loaded);
    await weights.discard(source.id);
    expect(await again).toMatchObject({ ok: false, code: 'stopped' });
    expect(await weights.inspect(source)).toMatchObject({ state: 'missing', loaded: 0 });
    expect(await weights.records(source.id)).toBe(0);
  });

  test('stopped and started again in the same moment, goes on', async ({ page }) => {
    const source = publish(hub, 'hasty', model);
    hub.manners.rate = 3 * MIB;
    const weights = await open(page);
    const first = weights.acquire(source);
    await expect.poll(async () => (await weights.progress()).at(-1)?.loaded ?? 0).toBeGreaterThan(MIB);
    hub.reset();
    const second = page.evaluate(async (build) => {
      void harness.client.stop(build.id);
      return harness.acquire(build);
    }, source);
    expect(await first).toMatchObject({ ok: false, code: 'stopped' });
    expect(await second).toEqual({ ok: true });
    await weights.expectIntact(source, model);
  });

  test('checks stored files and repairs only the damaged one', async ({ page }) => {
    const source = publish(hub, 'check', model);
    const weights = await open(page);
    await weights.acquire(source);
    hub.answers.length = 0;
    expect(await weights.check(source)).toEqual([]);
    expect(hub.answers).toEqual([]);
    // Damage the second part of the first shard and lose the tokenizer.
    await page.evaluate(async (id) => {
      await harness.damagePart(id, 'params_shard_0.bin', 1);
      await harness.loseFile(id, 'tokenizer.json');
    }, source.id);
    expect(await weights.inspect(source)).toMatchObject({ state: 'partial' });
    expect([...(await weights.check(source))].sort()).toEqual([first, 'tokenizer.json']);
    expect(new Set(hub.answers.map(({ path }) => path))).toEqual(
      new Set([`/check/${first}`, '/check/tokenizer.json']),
    );
    await weights.expectIntact(source, model);
  });

  test('keeps the old version until the new one is complete, and fetches only what changed', async ({
    page,
  }) => {
    const old = publish(hub, 'update', model);
    const weights = await open(page);
    await weights.acquire(old);
    // The new version has the same first two shards.
    const changed = syntheticBuild([9 * MIB, 6 * MIB + 2, 4 * MIB], 1);
    const fresh = publish(hub, 'update', changed);
    hub.reset();
    hub.once(
      '/update/params_shard_2.bin',
      ...Array.from({ length: 9 }, () => ({ kind: 'status', status: 500 }) as const),
    );
    expect(await weights.acquire(fresh)).toMatchObject({ ok: false, code: 'http-status' });
    expect(await weights.inspect(fresh)).toMatchObject({ state: 'partial', outdated: true });
    await weights.expectIntact(old, model);

    hub.reset();
    expect(await weights.acquire(fresh)).toEqual({ ok: true });
    expect(hub.sent('/update/params_shard_0.bin')).toBe(0);
    expect(await weights.inspect(fresh)).toMatchObject({ state: 'ready', outdated: false });
    await weights.expectIntact(fresh, changed);
    const revisions = await page.evaluate(async () => {
      const files = (await harness.readEntries()).filter(
        ({ key }) => key[0] !== 'build' && key[1] === 'update',
      );
      return new Set(files.map(({ key }) => key[2])).size;
    });
    expect(revisions).toBe(1);
  });

  test('an engine that starts before the download ends gets each file when it is whole', async ({ page }) => {
    const source = publish(hub, 'early', model);
    const stalled = publish(hub, 'stalled', model);
    const last = model.shards.at(-1) ?? '';
    hub.manners.rate = 4 * MIB;
    hub.always(`/stalled/${last}`, { kind: 'stall', after: 10 });
    const weights = await open(page);
    /** Starts a download, waits until an engine may start, and reads as the engine would. */
    const start = async (build: typeof source, names: string[]) => {
      const download = weights.acquire(build);
      const folder = await page.waitForFunction((id) => harness.nearlyHere[id], build.id);
      const prefix = await folder.jsonValue();
      const addresses = names.map((name) => `${prefix}${name}`);
      const reading = page.evaluate((urls) => harness.read(urls), addresses);
      expect(await weights.inspect(build)).toMatchObject({ state: 'partial' });
      return { download, reading, addresses };
    };

    const early = await start(source, [...model.files.keys()]);
    expect(await early.download).toEqual({ ok: true });
    const { keys, digests } = await early.reading;
    expect(Object.values(digests)).toEqual([...model.files.values()].map(digestOf));
    // WebLLM downloads nothing of a model whose files are all listed.
    expect(keys.sort()).toEqual(early.addresses.sort());

    // What will never come is not waited for.
    const halted = await start(stalled, [last]);
    await weights.stop(stalled.id);
    expect(await halted.download).toMatchObject({ ok: false, code: 'stopped' });
    expect(Object.values((await halted.reading).digests)).toEqual([null]);
  });

  test('deletes a model with nothing left, but not while an engine or a download holds it', async ({
    page,
  }) => {
    const source = publish(hub, 'delete', model);
    const weights = await open(page);
    await weights.acquire(source);
    const { engine } = await weights.inspect(source);
    const reader = new WeightsPage(await page.context().newPage());
    await reader.open(site.origin);
    await reader.page.evaluate((url) => harness.read([url]), `${engine?.model ?? ''}tokenizer.json`);
    expect(await weights.remove(source.id)).toMatchObject({ ok: false, code: 'in-use' });
    await reader.page.close();
    await expect.poll(async () => (await weights.remove(source.id)).ok).toBe(true);
    expect(await weights.records(source.id)).toBe(0);
    expect(await weights.inspect(source)).toMatchObject({ state: 'missing' });
  });

  test('one tab downloads, another sees it, takes over when the first closes, and can stop it', async ({
    page,
  }) => {
    const source = publish(hub, 'tabs', model);
    hub.manners.rate = 2 * MIB;
    const one = await open(page);
    const two = new WeightsPage(await page.context().newPage());
    await two.open(site.origin);
    void one.acquire(source).catch(() => undefined);
    await expect.poll(async () => (await two.progress()).at(-1)?.loaded ?? 0).toBeGreaterThan(MIB);
    expect(await two.remove(source.id)).toMatchObject({ ok: false, code: 'in-use' });
    const waiting = two.acquire(source);
    await page.close();
    hub.manners.rate = 0;
    expect(await waiting).toEqual({ ok: true });
    await two.expectIntact(source, model);

    const other = publish(hub, 'tabs-stop', model);
    hub.manners.rate = 2 * MIB;
    const three = new WeightsPage(await two.page.context().newPage());
    await three.open(site.origin);
    const running = two.acquire(other);
    await expect.poll(async () => (await three.progress()).at(-1)?.loaded ?? 0).toBeGreaterThan(MIB);
    await three.stop(other.id);
    expect(await running).toMatchObject({ ok: false, code: 'stopped' });
  });
});

declare const harness: Harness;
