import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { AlignerPage } from './page.ts';
import { alignmentRecord, historyUpload } from './records.ts';

/** What the browser keeps, on the built app: draft, settings and history across a reload. */
test.describe.configure({ mode: 'serial' });

const QUERY = 'Why is the sky blue?';
const ANSWER = 'Well, the sky is basically blue due to the fact that air scatters blue light.';

let page: Page;
let aligner: AlignerPage;
let edited: string;
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
const show = (name: string) => page.getByRole('link', { name, exact: true }).click();
const entries = () => page.getByRole('region', { name: 'History' }).getByRole('listitem');

/** What lies in the browser's storage: it is written at the next pause in the typing. */
function kept(name: string, key: string): Promise<unknown> {
  return page.evaluate(
    ([name, key]) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open(`metaaligner-${name}`);
        opening.onerror = () => reject(new Error(`There is no database for ${name}.`));
        opening.onsuccess = () => {
          const reading = opening.result.transaction(name).objectStore(name).get(key);
          reading.onsuccess = () => {
            opening.result.close();
            resolve(reading.result);
          };
        };
      }),
    [name, key] as const,
  );
}

test.beforeAll(async ({ browser }) => {
  page = await (await browser.newContext()).newPage();
  aligner = new AlignerPage(page);
  await page.goto('.');
});
test.afterAll(async () => {
  await page.context().close();
});

test('an empty history says what will be there', async () => {
  await show('History');
  await expect(page.getByText('Nothing here yet.')).toBeVisible();
  await show('Desk');
});

test('a draft, its objectives and the settings survive a reload', async () => {
  await aligner.fill(QUERY, ANSWER, ['Length', 'Honesty']);
  await button('Settings').click();
  await page.getByRole('spinbutton', { name: 'Longest reply (tokens)' }).fill('128');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => kept('drafts', 'desk')).toMatchObject({ query: QUERY, answer: ANSWER });
  await expect.poll(() => kept('settings', 'all')).toMatchObject({ maxNewTokens: 128 });
  await page.reload();
  await expect(aligner.query).toHaveValue(QUERY);
  await expect(aligner.answer).toHaveValue(ANSWER);
  await expect(aligner.objective('Length')).toBeChecked();
  await expect(aligner.objective('Honesty')).toBeChecked();
  await expect(aligner.objective('Fairness')).not.toBeChecked();
  await button('Settings').click();
  await expect(page.getByRole('spinbutton', { name: 'Longest reply (tokens)' })).toHaveValue('128');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
});

test('a finished alignment is in the history after a reload, is found and reopened', async () => {
  await aligner.align.click();
  await aligner.finished();
  edited = (await aligner.editedAnswer.textContent()) ?? '';
  expect(edited).not.toBe('');
  await button('Clear').click();
  await page.reload();
  await show('History');
  await expect(entries()).toHaveCount(1);
  await expect(entries()).toContainText(edited);
  await expect(entries()).toContainText('Honesty · Length');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  }
  await page.getByRole('searchbox').fill('no such word');
  await expect(page.getByText('Nothing in the history holds “no such word”.')).toBeVisible();
  await page.getByRole('searchbox').fill('HONESTY sky');
  await button(`Reopen “${QUERY}”`).click();
  await expect(aligner.query).toHaveValue(QUERY);
  await expect(aligner.answer).toHaveValue(ANSWER);
  await expect(aligner.editedAnswer).toHaveText(edited);
  await expect(aligner.objective('Honesty')).toBeChecked();
  await expect(page.getByRole('region', { name: 'Figures' })).toBeVisible();
});

test('exported, deleted, undone, and imported again', async () => {
  await show('History');
  await page.getByRole('searchbox').fill('');
  const [download] = await Promise.all([page.waitForEvent('download'), button('Export all').click()]);
  const file = readFileSync(await download.path(), 'utf8');
  expect(JSON.parse(file)).toMatchObject({
    version: 1,
    alignments: [{ query: QUERY, editedAnswer: edited }],
  });

  await button(`Delete “${QUERY}”`).click();
  await expect(button('Undo')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'History' })).toBeFocused();
  await expect(entries()).toHaveCount(1);
  await button('Delete all').click();
  await page.reload();
  await expect(page.getByText('Nothing here yet.')).toBeVisible();

  const choose = (name: string, text: string) =>
    page
      .getByLabel('Import…')
      .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
  await choose('half.json', file.slice(0, 200));
  await expect(page.getByRole('alert')).toContainText('half.json is not JSON');
  await choose('history.json', file);
  await expect(page.getByText('history.json: one alignment added.')).toBeVisible();
  await page.reload();
  await expect(entries()).toHaveCount(1);
});

test('switched off, a run leaves nothing', async () => {
  await page.getByRole('checkbox', { name: 'Keep finished alignments' }).uncheck();
  await show('Desk');
  await aligner.fill('Another one?', ANSWER, ['Length']);
  await aligner.align.click();
  await aligner.finished();
  await show('History');
  await expect(entries()).toHaveCount(1);
  await expect(entries()).not.toContainText('Another one?');
});

test('beyond 500 alignments the oldest are let go', async ({ browser }) => {
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto('?view=history');
  const records = Array.from({ length: 501 }, (_, index) =>
    alignmentRecord({
      id: `record ${index}`,
      at: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString(),
      query: `Question ${index}?`,
    }),
  );
  await other.getByLabel('Import…').setInputFiles(historyUpload(records));
  await expect(other.getByText('500 kept')).toBeVisible();
  await other.reload();
  const kept = other.getByRole('region', { name: 'History' }).getByRole('listitem');
  await expect(kept).toHaveCount(500);
  await expect(kept.first()).toContainText('Question 500?');
  await expect(kept.last()).toContainText('Question 1?');
  await context.close();
});

test('a browser that keeps nothing is no obstacle: the page says so and works', async ({ browser }) => {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    // As in a browser whose settings block site data.
    indexedDB.open = () => {
      throw new DOMException('Access to IndexedDB is blocked.', 'SecurityError');
    };
  });
  const blocked = await context.newPage();
  await blocked.goto('.');
  await expect(blocked.getByRole('alert')).toContainText('This browser keeps nothing for this page');
  await blocked.getByRole('button', { name: 'Dismiss' }).click();
  await expect(blocked.getByRole('alert')).toHaveCount(0);
  await blocked.getByRole('textbox', { name: 'Query', exact: true }).fill('Still works?');
  await blocked.getByRole('link', { name: 'History' }).click();
  await expect(blocked.getByText('Nothing here yet.')).toBeVisible();
  await context.close();
});
