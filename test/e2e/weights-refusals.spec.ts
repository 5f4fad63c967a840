import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, type Page, test } from '@playwright/test';
import type { BuildSource } from '../../src/weights/build.ts';
import { type Fault, FaultServer } from './fault-server.ts';
import { syntheticBuild } from './synthetic-build.ts';
import { publish, serveHarness, WeightsPage } from './weights-page.ts';

const MIB = 2 ** 20;
const model = syntheticBuild([6 * MIB, 5 * MIB]);

/** tensor-cache.json with something changed in its first shard. */
function manifest(change: Record<string, unknown>): Fault {
  const json = JSON.parse(model.files.get('tensor-cache.json')?.toString() ?? '') as {
    records: Record<string, unknown>[];
  };
  Object.assign(json.records[0] ?? {}, change);
  return { kind: 'replace', body: JSON.stringify(json) };
}

/** What the server does, and what the person is told. Nothing of it may leave a trace in the store. */
const refusals: { title: string; file: string; fault: Fault; code: string; message: RegExp }[] = [
  {
    title: 'a web page instead of JSON, named as JSON',
    file: 'mlc-chat-config.json',
    fault: { kind: 'html', type: 'application/json' },
    code: 'wrong-content',
    message: /mlc-chat-config\.json.*web page/,
  },
  {
    title: 'a web page instead of JSON, named as a web page',
    file: 'tensor-cache.json',
    fault: { kind: 'html', type: 'text/html' },
    code: 'wrong-content',
    message: /tensor-cache\.json.*web page/,
  },
  {
    title: 'half a tensor-cache.json',
    file: 'tensor-cache.json',
    fault: { kind: 'replace', body: '{"records": [{"dataPath": "params_sh' },
    code: 'wrong-content',
    message: /tensor-cache\.json.*not JSON/,
  },
  {
    title: 'a library that is not WebAssembly',
    file: 'library.wasm',
    fault: { kind: 'replace', body: 'version https://git-lfs.github.com/spec/v1' },
    code: 'wrong-content',
    message: /library\.wasm.*WebAssembly/,
  },
  {
    title: 'no tokenizer',
    file: 'tokenizer.json',
    fault: { kind: 'status', status: 404 },
    code: 'http-status',
    message: /404 for tokenizer\.json/,
  },
  {
    title: 'a build behind a login',
    file: 'tensor-cache.json',
    fault: { kind: 'status', status: 401 },
    code: 'http-status',
    message: /401.*login/,
  },
  {
    title: 'a negative size',
    file: 'tensor-cache.json',
    fault: manifest({ nbytes: -5 }),
    code: 'bad-manifest',
    message: /records\.0\.nbytes/,
  },
  {
    title: 'an absurd size',
    file: 'tensor-cache.json',
    fault: manifest({ nbytes: 9e15 }),
    code: 'bad-manifest',
    message: /records\.0\.nbytes/,
  },
  {
    title: 'a tensor that ends outside its shard',
    file: 'tensor-cache.json',
    fault: manifest({ nbytes: 100 }),
    code: 'bad-manifest',
    message: /"layer\.0" ends after the end/,
  },
  {
    title: 'a shard listed twice',
    file: 'tensor-cache.json',
    fault: manifest({ dataPath: 'params_shard_1.bin' }),
    code: 'bad-manifest',
    message: /params_shard_1\.bin is listed twice/,
  },
  {
    title: 'a shard named by a path',
    file: 'tensor-cache.json',
    fault: manifest({ dataPath: '../params_shard_0.bin' }),
    code: 'bad-manifest',
    message: /records\.0\.dataPath.*plain file name/,
  },
  {
    title: 'a shard named by an address',
    file: 'tensor-cache.json',
    fault: manifest({ dataPath: 'https://example.org/params_shard_0.bin' }),
    code: 'bad-manifest',
    message: /records\.0\.dataPath.*plain file name/,
  },
  {
    title: 'a shard with the name of another file',
    file: 'tensor-cache.json',
    fault: manifest({ dataPath: 'tokenizer.json' }),
    code: 'bad-manifest',
    message: /tokenizer\.json as a shard/,
  },
  {
    title: 'an unknown format',
    file: 'tensor-cache.json',
    fault: manifest({ format: 'zip' }),
    code: 'bad-manifest',
    message: /records\.0\.format/,
  },
  {
    title: 'a shard without a checksum',
    file: 'tensor-cache.json',
    fault: manifest({ md5sum: undefined }),
    code: 'bad-manifest',
    message: /no md5sum for params_shard_0\.bin/,
  },
];

test.describe('weight store, refusals', () => {
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

  const open = async (page: Page) => {
    const weights = new WeightsPage(page);
    await weights.open(site.origin);
    return weights;
  };
  const expectRefusal = async (weights: WeightsPage, source: BuildSource, code: string, message: RegExp) => {
    const outcome = await weights.acquire(source);
    expect(outcome).toMatchObject({ ok: false, code });
    expect('message' in outcome ? outcome.message : '').toMatch(message);
  };

  test('says what is wrong with a build, stores nothing of it, and takes it once it is right', async ({
    page,
  }) => {
    const weights = await open(page);
    for (const [index, { title, file, fault, code, message }] of refusals.entries())
      await test.step(title, async () => {
        // Without announced digests, so that the content itself is judged.
        const { sha256: _, ...source } = publish(hub, `refusal-${index}`, model);
        hub.reset();
        hub.always(`/${source.id}/${file}`, fault);
        await expectRefusal(weights, source, code, message);
        expect(await weights.records(source.id)).toBe(0);
        expect(hub.answers.some(({ path }) => path.includes('params_shard'))).toBe(false);
      });
    const { sha256: _, ...source } = publish(hub, 'refusal-0', model);
    hub.reset();
    expect(await weights.acquire(source)).toEqual({ ok: true });
    await weights.expectIntact(source, model);
  });

  test('takes the older name of tensor-cache.json', async ({ page }) => {
    const { sha256: _, ...source } = publish(hub, 'older', model);
    const manifestFile = hub.files.get('/older/tensor-cache.json');
    hub.files.delete('/older/tensor-cache.json');
    if (manifestFile) hub.files.set('/older/ndarray-cache.json', manifestFile);
    const weights = await open(page);
    expect(await weights.acquire(source)).toEqual({ ok: true });
    await weights.expectIntact(source, model);
  });

  test('names another version than the registry announces', async ({ page }) => {
    const source = publish(hub, 'other', model);
    const weights = await open(page);
    await expectRefusal(
      weights,
      { ...source, sha256: { ...source.sha256, 'tokenizer.json': '0'.repeat(64) } },
      'bad-file',
      /tokenizer\.json has the SHA-256 .* registry announces/,
    );
  });

  test('one missing shard stops the download, keeps the others, and is all that is fetched later', async ({
    page,
  }) => {
    const source = publish(hub, 'gap', model);
    hub.always('/gap/params_shard_1.bin', { kind: 'status', status: 404 });
    hub.manners.rate = 20 * MIB;
    const weights = await open(page);
    await expectRefusal(weights, source, 'http-status', /404 for params_shard_1\.bin.*incomplete/);
    const { loaded } = await weights.inspect(source);
    hub.reset();
    expect(await weights.acquire(source)).toEqual({ ok: true });
    const size = [...model.files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(hub.sent()).toBe(size - loaded);
    await weights.expectIntact(source, model);
  });

  test('tells a server without CORS from one that is down', async ({ page }) => {
    const weights = await open(page);
    const closed = await FaultServer.start();
    const source = publish(closed, 'closed', model);
    closed.manners.cors = false;
    await expectRefusal(
      weights,
      source,
      'no-cors',
      /127\.0\.0\.1.*does not let other sites read tensor-cache\.json/,
    );
    await closed.stop();
    await expectRefusal(weights, source, 'unreachable', /tensor-cache\.json.*cannot be reached/);
  });

  test('starts nothing without room, keeps what it has when the room ends, goes on with more', async () => {
    const source = publish(hub, 'room', model);
    // A private window, which tests get otherwise, does not enforce sizes in the private file system.
    await inProfile({}, async (page) => {
      const weights = await open(page);
      const browser = await page.context().newCDPSession(page);
      const quota = (quotaSize?: number) =>
        browser.send('Storage.overrideQuotaForOrigin', {
          origin: site.origin,
          ...(quotaSize !== undefined && { quotaSize }),
        });
      await quota(15 * MIB);
      await expectRefusal(weights, source, 'no-room', /needs 12 MB .*room for about 9 MB: 12 MB are missing/);
      expect(await weights.records(source.id)).toBe(0);
      expect(hub.answers.some(({ path }) => path.includes('params_shard'))).toBe(false);

      await quota(60 * MIB);
      hub.manners.rate = 2 * MIB;
      const running = weights.acquire(source);
      await expect.poll(async () => (await weights.progress()).at(-1)?.loaded ?? 0).toBeGreaterThan(2 * MIB);
      await page.evaluate(fillQuota);
      hub.manners.rate = 0;
      expect(await running).toMatchObject({ ok: false, code: 'no-room' });
      const { state, loaded } = await weights.inspect(source);
      expect(state).toBe('partial');

      await page.evaluate(() => indexedDB.deleteDatabase('junk'));
      await quota();
      hub.answers.length = 0;
      expect(await weights.acquire(source)).toEqual({ ok: true });
      expect(hub.sent()).toBeLessThanOrEqual(11 * MIB - loaded + MIB);
      await weights.expectIntact(source, model);
    });
  });

  test('says so when the browser stores nothing at all', async () => {
    // The setting "Block all cookies" of the browser, which is site data of every kind.
    const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
    await inProfile(blocked, async (page) => {
      const weights = await open(page);
      await expectRefusal(
        weights,
        publish(hub, 'blocked', model),
        'no-storage',
        /refused to store.*normal window/,
      );
    });
  });
});

/** Runs in a browser with a profile on the disk and these preferences. */
async function inProfile(preferences: object, job: (page: Page) => Promise<void>): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'weights-profile-'));
  mkdirSync(join(profile, 'Default'));
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, test.info().project.use.launchOptions);
  try {
    await job(await context.newPage());
  } finally {
    await context.close();
    rmSync(profile, { recursive: true });
  }
}

/** Another part of the site stores until the browser refuses. Runs in the page. */
async function fillQuota(): Promise<void> {
  const request = indexedDB.open('junk');
  request.onupgradeneeded = () => request.result.createObjectStore('junk', { autoIncrement: true });
  await new Promise((resolve) => (request.onsuccess = resolve));
  for (let bytes = 4 * 2 ** 20; bytes > 2 ** 15;) {
    const transaction = request.result.transaction('junk', 'readwrite');
    transaction.objectStore('junk').put(new Blob([new Uint8Array(bytes)]));
    const stored = await new Promise((resolve) => {
      transaction.oncomplete = () => {
        resolve(true);
      };
      transaction.onabort = () => {
        resolve(false);
      };
    });
    if (stored !== true) bytes /= 2;
  }
  request.result.close();
}
