import { join } from 'node:path';
import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import { MODEL_CARD_EXAMPLE } from '../../src/domain/example.ts';
import { FaultServer } from './fault-server.ts';
import { AlignerPage } from './page.ts';
import { readStoredEntries } from './stored-entries.ts';

/** The model page and the work without a network, on the built app and a server that can be switched off. */
test.describe.configure({ mode: 'serial' });

const DIST = join(import.meta.dirname, '../../dist');
const MIB = 2 ** 20;

let server: FaultServer;
let port: number;
let context: BrowserContext;
let page: Page;

const button = (name: string) => page.getByRole('button', { name: `${name}: Demo aligner` });
const remove = async (tab: Page) => {
  await tab.getByRole('button', { name: 'Delete: Demo aligner' }).click();
  await tab.getByRole('button', { name: /^Delete .* for good: Demo aligner/ }).click();
};
const open = async (search = '') => {
  await page.goto(`http://localhost:${port}/${search}`);
};

test.beforeAll(async ({ browser }) => {
  server = await FaultServer.start();
  port = Number(new URL(server.origin).port);
  server.addFolder(DIST);
  context = await browser.newContext();
  page = await context.newPage();
});
test.afterAll(async () => {
  await context.close();
  await server.stop();
});

test('a download shows its bytes, can be paused and goes on, and ends ready for offline use', async () => {
  await open('?view=models');
  await expect(page.getByText('Not downloaded')).toBeVisible();
  await expect(page.getByText(/This page keeps .* the browser allows it/)).toBeVisible();
  server.manners.rate = MIB;
  await button('Download').click();
  const bar = page.getByRole('progressbar', { name: 'Model download' });
  await expect(bar).toBeVisible();
  await expect(bar).not.toHaveAttribute('aria-valuenow', '0');
  await button('Pause').click();
  await expect(page.getByText(/MB of .* are here/)).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  server.manners.rate = 0;
  await button('Resume').click();
  await expect(page.getByText('Downloaded, checked and stored.')).toBeVisible();
  await expect(page.getByText('Ready offline')).toBeVisible();
  await button('Check files').click();
  await expect(page.getByText('Every file is as it should be.')).toBeVisible();
});

test('with the server gone, a reload opens the page and aligns', async () => {
  await server.stop();
  await open();
  const aligner = new AlignerPage(page);
  await aligner.fill(MODEL_CARD_EXAMPLE.query, MODEL_CARD_EXAMPLE.answer, ['Length']);
  await aligner.align.click();
  await aligner.finished();
  await expect(page.getByRole('status').filter({ hasText: 'Done.' })).toBeVisible();
  expect(await aligner.editedAnswer.textContent()).not.toBe('');
});

test('a model that a run or another tab needs is not deleted, and the page says why', async () => {
  // Loading takes seconds and belongs to the run.
  await open();
  const aligner = new AlignerPage(page);
  await aligner.fill(MODEL_CARD_EXAMPLE.query, MODEL_CARD_EXAMPLE.answer, ['Length']);
  await aligner.align.click();
  await expect(page.getByRole('progressbar', { name: 'Model loading' })).toBeVisible();
  await page.getByRole('link', { name: 'Models' }).click();
  await remove(page);
  await expect(page.getByRole('alert')).toContainText('A run is under way.');
  await expect(page.getByText('Ready offline')).toBeVisible();
  await page.getByRole('link', { name: 'Desk' }).click();
  await aligner.finished();

  const other = await context.newPage();
  await other.goto(`http://localhost:${port}/?view=models`);
  await remove(other);
  await expect(other.getByRole('alert')).toContainText('loaded in another tab');
  await expect(other.getByText('Ready offline')).toBeVisible();
  await other.close();
});

test('a newer page is offered, taken when the person says so, and keeps the model', async () => {
  server = await FaultServer.start(port);
  server.addFolder(DIST);
  const edit = (path: string, from: string, to: string) => {
    server.files.set(path, Buffer.from((server.files.get(path)?.toString() ?? '').replaceAll(from, to)));
  };
  edit('/index.html', '<title>MetaAligner Web</title>', '<title>Newer page</title>');
  const [, revision = ''] =
    /"index\.html",revision:"([0-9a-f]+)"/.exec(server.files.get('/sw.js')?.toString() ?? '') ?? [];
  expect(revision).not.toBe('');
  edit('/sw.js', revision, 'f'.repeat(32));

  await open();
  await expect(page.getByText('A newer version of this page is here.')).toBeVisible();
  await expect(page).toHaveTitle('MetaAligner Web');
  const aligner = new AlignerPage(page);
  await aligner.fill(MODEL_CARD_EXAMPLE.query, MODEL_CARD_EXAMPLE.answer, ['Length']);
  await aligner.align.click();
  const take = page.getByRole('button', { name: 'Reload with it' });
  await expect(take).toBeDisabled();
  await aligner.finished();
  server.answers.length = 0;
  await take.click();
  await expect(page).toHaveTitle('Newer page');
  await open('?view=models');
  await expect(page.getByText('Ready offline')).toBeVisible();
  expect(server.answers.filter(({ path }) => path.startsWith('/models/'))).toEqual([]);
});

test('deleting a loaded model unloads it and leaves nothing of it', async () => {
  await open();
  const aligner = new AlignerPage(page);
  await aligner.fill(MODEL_CARD_EXAMPLE.query, MODEL_CARD_EXAMPLE.answer, ['Length']);
  await aligner.align.click();
  await aligner.finished();
  await page.getByRole('link', { name: 'Models' }).click();
  await remove(page);
  await expect(page.getByText('Deleted. Nothing of it is left in this browser.')).toBeVisible();
  await expect(page.getByText('Not downloaded')).toBeVisible();
  expect((await readStoredEntries(page)).keys).toEqual([]);
});

test('the engine starts while the last bytes are coming, and aligns when they are here', async () => {
  await open();
  const shards = () => server.answers.filter(({ path }) => path.endsWith('.bin'));
  server.answers.length = 0;
  server.manners.rate = MIB;
  const aligner = new AlignerPage(page);
  await aligner.fill(MODEL_CARD_EXAMPLE.query, MODEL_CARD_EXAMPLE.answer, ['Length']);
  // The engine's worker, and it alone, comes from a Blob.
  const engine = page.waitForEvent('worker', (worker) => worker.url().startsWith('blob:'));
  await aligner.align.click();
  await engine;
  const sent = shards().reduce((sum, { bytes }) => sum + bytes, 0);
  await expect(page.getByRole('progressbar', { name: 'Model download' })).toBeVisible();
  await aligner.finished();
  const all = shards().reduce((sum, { bytes }) => sum + bytes, 0);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(all);
  expect(await aligner.editedAnswer.textContent()).not.toBe('');
});
