import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { FaultServer } from './fault-server.ts';
import { AlignerPage } from './page.ts';

/** What one does with an edited answer. One page, so that the demo model is loaded once. */
test.describe.configure({ mode: 'serial' });

const QUERY = 'How do I keep bread fresh?';
/** The demo model's objectives change words of it: utilize, always, perfectly, really, very. */
const ANSWER =
  'You should utilize a box for bread. It always works perfectly. Bread is really very good. Keep it in a dry place.';

/** Drafts and objectives are written at pauses of 300 ms. */
const DRAFT_KEPT_MS = 800;

let page: Page;
let aligner: AlignerPage;
let edited = '';

const changes = (): ReturnType<Page['locator']> => aligner.changes.locator('[data-change]');
const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

test.beforeAll(async ({ browser }) => {
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  page = await context.newPage();
  aligner = new AlignerPage(page);
  await page.goto('.');
});

test.afterAll(async () => {
  await page.context().close();
});

test('Ctrl and Enter align from within the text, and the focus stays there', async () => {
  await aligner.fill(QUERY, ANSWER, ['Honesty', 'Readability']);
  await aligner.answer.focus();
  await page.keyboard.press('Control+Enter');
  await expect(aligner.stop).toBeVisible();
  await expect(aligner.answer).toBeFocused();
  await aligner.finished();
  edited = (await aligner.editedAnswer.textContent()) ?? '';
  expect(edited).not.toBe('');
  expect(edited).not.toBe(ANSWER);
});

test('changes are accepted and rejected one by one, by pointer and by keyboard', async () => {
  const count = await changes().count();
  expect(count).toBeGreaterThan(1);
  await expect(aligner.changes).toContainText(`${count} changes.`);
  await changes().first().click();
  await expect(changes().first()).toHaveAttribute('aria-pressed', 'false');
  await expect(aligner.changes).toContainText(`${count - 1} of ${count} changes accepted.`);
  await changes().first().focus();
  await page.keyboard.press('End');
  await expect(changes().last()).toBeFocused();
  await page.keyboard.press('Space');
  await expect(changes().last()).toHaveAttribute('aria-pressed', 'false');
  await expect(changes().last()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(changes().last()).toHaveAttribute('aria-pressed', 'true');
  // Only one of the changes is a stop of the Tab key.
  expect(await aligner.changes.locator('[data-change][tabindex="0"]').count()).toBe(1);
});

test('all accepted is the edited answer, all rejected the answer; what is shown is what is copied', async () => {
  const merged = page.getByRole('region', { name: 'Merged text' });
  await aligner.changes.getByRole('radio', { name: 'Merged' }).check({ force: true });
  await aligner.changes.getByRole('button', { name: 'Reject all' }).click();
  expect(await merged.textContent()).toBe(ANSWER);
  await aligner.changes.getByRole('button', { name: 'Copy merged text' }).click();
  await expect(page.getByRole('status')).toHaveText('Copied.');
  expect(await copied()).toBe(ANSWER);
  await aligner.changes.getByRole('button', { name: 'Accept all' }).click();
  expect(await merged.textContent()).toBe(edited);
});

test('side by side shows each text whole', async () => {
  await aligner.changes.getByRole('radio', { name: 'Side by side' }).check({ force: true });
  const [before, after] = [aligner.changes.locator('.text').first(), aligner.changes.locator('.text').last()];
  expect(await before.textContent()).toBe(ANSWER);
  expect(await after.textContent()).toBe(edited);
  await expect(before.locator('ins')).toHaveCount(0);
  await expect(after.locator('del')).toHaveCount(0);
  await aligner.changes.getByRole('radio', { name: 'Inline' }).check({ force: true });
});

test('the result is copied as text, Markdown and JSON', async () => {
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect.poll(copied).toBe(edited);
  await page.getByRole('button', { name: 'Markdown' }).click();
  await expect.poll(copied).toContain(`> ${edited}`);
  expect(await copied()).toContain('- Honesty: the response should not tell lies');
  await page.getByRole('button', { name: 'JSON' }).click();
  await expect.poll(copied).toContain('"editedAnswer"');
  expect(JSON.parse(await copied())).toMatchObject({ query: QUERY, answer: ANSWER, editedAnswer: edited });
});

test('a merged text becomes the next answer, and every version can be opened again', async () => {
  await changes().first().click();
  await aligner.changes.getByRole('radio', { name: 'Merged' }).check({ force: true });
  const merged = (await page.getByRole('region', { name: 'Merged text' }).textContent()) ?? '';
  await aligner.changes.getByRole('button', { name: 'Continue with this text' }).click();
  await expect(aligner.answer).toBeFocused();
  await expect(aligner.answer).toHaveValue(merged);
  await aligner.objective('Honesty').uncheck();
  await aligner.objective('Readability').uncheck();
  await aligner.objective('Length').check();
  await aligner.align.click();
  await aligner.finished();
  const second = await aligner.editedAnswer.textContent();

  const versions = page.getByRole('navigation', { name: 'Versions' });
  await expect(versions.getByRole('button')).toHaveCount(3);
  await expect(versions.getByRole('button', { name: 'Edit 2 of edit 1: Length' })).toHaveAttribute(
    'aria-current',
    'step',
  );
  await versions.getByRole('button', { name: 'Edit 1: Honesty, Readability' }).click();
  expect(await aligner.editedAnswer.textContent()).toBe(edited);
  await expect(aligner.answer).toHaveValue(ANSWER);
  await expect(aligner.objective('Honesty')).toBeChecked();
  await expect(aligner.objective('Length')).not.toBeChecked();
  // What was decided on its changes is still decided.
  await aligner.changes.getByRole('radio', { name: 'Inline' }).check({ force: true });
  await expect(changes().first()).toHaveAttribute('aria-pressed', 'false');
  await versions.getByRole('button', { name: 'Answer', exact: true }).click();
  await expect(aligner.answer).toHaveValue(ANSWER);
  expect(await aligner.editedAnswer.textContent()).toBe('');
  await versions.getByRole('button', { name: 'Edit 2' }).click();
  expect(await aligner.editedAnswer.textContent()).toBe(second);
});

test('columns of a comparison are written one after the other and opened on the desk', async () => {
  await page.getByRole('link', { name: 'Compare' }).click();
  await expect(page.getByRole('textbox', { name: 'Query' })).toHaveValue(QUERY);
  await page.getByRole('textbox', { name: 'Answer' }).fill(ANSWER);
  const run = page.getByRole('button', { name: 'Compare', exact: true });
  await expect(run).toHaveAccessibleDescription('Choose objectives for column 2.');
  const [one, two] = [
    page.getByRole('region', { name: 'Column 1' }),
    page.getByRole('region', { name: 'Column 2' }),
  ];
  await expect(one).toContainText('Length');
  await two.getByRole('checkbox', { name: 'Readability', exact: true }).check();
  await run.click();
  await expect(page.getByRole('button', { name: 'Stop', exact: true })).toBeFocused();
  await expect(two).toContainText('Waits for its turn.');
  await expect(page.getByRole('status')).toHaveText('All columns are done.', { timeout: 120_000 });
  await expect(run).toBeFocused();
  await expect(one.locator('ins, del').first()).toBeVisible();
  await expect(two.locator('ins, del').first()).toBeVisible();
  await two.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByRole('status')).toHaveText('Copied.');
  const inColumn = await copied();
  await two.getByRole('button', { name: 'Open on the desk' }).click();
  expect(await aligner.editedAnswer.textContent()).toBe(inColumn);
  await expect(aligner.objective('Readability')).toBeChecked();
  await expect(aligner.objective('Length')).not.toBeChecked();
});

test('Escape stops a run and keeps what came so far', async () => {
  await aligner.answer.fill(`${ANSWER} `.repeat(8).trim());
  await aligner.align.click();
  await expect(aligner.stop).toBeFocused();
  await expect(aligner.editedAnswer).not.toHaveText('');
  // While it is written, what lies ahead is there, neither deleted nor inserted.
  await expect(aligner.changes.locator('.ahead')).toContainText('dry place');
  await page.keyboard.press('Escape');
  await aligner.finished();
  await expect(aligner.align).toBeFocused();
  await expect(page.getByRole('status')).toHaveText('Stopped. What came so far is kept.');
  await expect(aligner.editedAnswer).not.toHaveText('');
});

test('own objectives are named, edited, put in order, exported, removed and imported', async () => {
  await page
    .getByRole('textbox', { name: 'Your own objective' })
    .fill('Politeness: the response should be courteous');
  await page.keyboard.press('Enter');
  await expect(aligner.objective('Politeness')).toBeChecked();
  await page.getByRole('button', { name: 'Order and own objectives' }).click();
  const order = page.getByRole('list', { name: 'Order in the prompt' });
  await order.getByRole('button', { name: 'Edit Politeness' }).click();
  await page
    .getByRole('textbox', { name: 'Sentence of Politeness' })
    .fill('Courtesy: the response should be polite');
  await page.keyboard.press('Enter');
  await expect(order.getByRole('button', { name: 'Edit Courtesy' })).toBeFocused();

  await order.getByRole('button', { name: 'Move Courtesy up' }).focus();
  for (let place = 11; place > 1; place--) await page.keyboard.press('Enter');
  await expect(order.getByRole('button', { name: 'Move Courtesy up' })).toBeFocused();
  await expect(order.getByRole('listitem').first()).toContainText('Courtesy');
  await aligner.objective('Readability').check();
  await page.getByText('Exact prompt').click();
  await expect(page.getByRole('region', { name: 'Prompt' })).toContainText(
    'these aspects: Courtesy: the response should be polite; Readability:',
  );

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const file = await (await download).path();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    objectives: ['Courtesy: the response should be polite'],
  });
  await page.getByRole('button', { name: 'Remove objective Courtesy' }).click();
  await expect(aligner.objective('Courtesy')).toHaveCount(0);
  const undo = page.getByRole('button', { name: 'Undo' });
  await expect(undo).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(aligner.objective('Courtesy')).toBeChecked();
  await page.getByRole('button', { name: 'Remove objective Courtesy' }).click();
  await page.getByLabel('Import…').setInputFiles(file);
  await expect(page.getByRole('status')).toHaveText('1 objective added.');
  await expect(aligner.objective('Courtesy')).not.toBeChecked();
  await page
    .getByLabel('Import…')
    .setInputFiles({ name: 'notes.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') });
  await expect(aligner.alert).toContainText('notes.json is not a file of objectives');
});

test('presets tick what they say', async () => {
  const presets = page.getByRole('combobox', { name: 'Presets' });
  await presets.selectOption('All published');
  await expect(aligner.objectives.getByRole('checkbox', { checked: true })).toHaveCount(10);
  await aligner.objective('Length').uncheck();
  await expect(presets).toHaveValue('');
  await presets.selectOption('Concise and readable');
  await expect(aligner.objectives.getByRole('checkbox', { checked: true })).toHaveCount(3);
});

test('own objectives and their order outlive a reload', async () => {
  await page.waitForTimeout(DRAFT_KEPT_MS);
  await page.reload();
  await expect(aligner.objectives.getByRole('checkbox').first()).toHaveAccessibleName('Courtesy');
});

test('a link opens its texts read-only and runs nothing; one goes back or takes them over', async () => {
  await aligner.fill(QUERY, ANSWER, ['Length', 'Honesty']);
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByRole('status')).toHaveText('Copied.');
  const link = await copied();
  expect(link).not.toContain('bread');
  await aligner.query.fill('My own question?');
  await page.waitForTimeout(DRAFT_KEPT_MS);

  await page.goto('about:blank');
  await page.goto(link);
  await expect(aligner.query).toHaveValue(QUERY);
  await expect(aligner.answer).toHaveValue(ANSWER);
  await expect(aligner.query).not.toBeEditable();
  await expect(page.getByRole('note')).toContainText('came from a link');
  await expect(aligner.objective('Length')).toBeChecked();
  await expect(aligner.objective('Length')).toBeDisabled();
  await expect(aligner.editedAnswer).toHaveText('');
  await expect(aligner.align).toBeEnabled();

  await page.getByRole('button', { name: 'Back to my text' }).click();
  await expect(aligner.query).toHaveValue('My own question?');
  await expect(aligner.query).toBeFocused();
  expect(new URL(page.url()).hash).toBe('');

  await page.goto('about:blank');
  await page.goto(link);
  await page.getByRole('button', { name: 'Edit it' }).click();
  await expect(aligner.query).toBeEditable();
  await expect(aligner.query).toHaveValue(QUERY);
  await expect(page.getByRole('note')).toHaveCount(0);
  await page.waitForTimeout(DRAFT_KEPT_MS);

  await page.goto('about:blank');
  await page.goto(link);
  await aligner.align.click();
  await aligner.finished();
  await expect(aligner.query).toBeEditable();
  expect(await aligner.editedAnswer.textContent()).not.toBe('');

  await page.goto('about:blank');
  await page.goto(link.slice(0, -30));
  await expect(aligner.alert).toContainText('The link is incomplete');
  await expect(aligner.query).toHaveValue(QUERY);
});

test('a link that mail and chat programs would cut is not copied, and the page says how long it is', async () => {
  const before = await copied();
  // Random, so that it can't be compressed below the limit.
  await aligner.answer.fill(
    Array.from({ length: 1500 }, () => Math.random().toString(36).slice(2, 9)).join(' '),
  );
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByRole('status')).toContainText(
    /The link would be \d+,\d{3} characters long; beyond 8,000/,
  );
  expect(await copied()).toBe(before);
});

test('two models that are here are compared one after the other, each column with its own model', async ({
  browser,
}) => {
  const site = await FaultServer.start();
  site.addFolder(join(import.meta.dirname, '../../dist'));
  site.addFolder(join(import.meta.dirname, '../fixtures/models/tiny-gqa'), 'tiny/');
  const tiny = {
    id: 'tiny',
    name: 'Tiny model',
    family: 'UltraFeedback',
    architecture: {
      layers: 3,
      hidden: 128,
      intermediate: 224,
      heads: 4,
      keyValueHeads: 2,
      vocabulary: 323,
    },
    contextWindow: 1024,
    licence: 'MIT',
    builds: [{ quantization: 'q4f32_1', weights: 'tiny/', library: 'tiny/library.wasm' }],
  };
  site.files.set('/models.json', Buffer.from(JSON.stringify({ models: [tiny] })));
  const context = await browser.newContext();
  const page = await context.newPage();
  const address = site.origin.replace('127.0.0.1', 'localhost');
  await page.goto(`${address}/?view=compare`);
  // No model is here yet, so there is none to choose between.
  await expect(page.getByRole('combobox', { name: 'Model of column 1' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Models' }).click();
  for (const name of ['Demo aligner', 'Tiny model']) {
    await page.getByRole('button', { name: `Download: ${name}` }).click();
    const entry = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });
    await expect(entry).toContainText('Downloaded, checked and stored.');
  }
  // A token of the tiny model is a byte, so its window has room for a short reply only.
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByLabel('Longest reply (tokens)').fill('64');
  await page.getByRole('button', { name: 'Close' }).click();

  await page.getByRole('link', { name: 'Compare' }).click();
  await page.getByRole('textbox', { name: 'Query' }).fill(QUERY);
  await page.getByRole('textbox', { name: 'Answer' }).fill(ANSWER);
  const columns = [1, 2].map((position) => page.getByRole('region', { name: `Column ${position}` }));
  for (const [index, model] of ['Tiny model', 'Demo aligner'].entries()) {
    const column = columns[index];
    await column?.getByRole('combobox', { name: /^Model/ }).selectOption(model);
    await column?.getByRole('checkbox', { name: 'Readability', exact: true }).check();
  }
  const [one, two] = columns;
  if (!one || !two) throw new Error('There are no two columns.');
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect(page.getByRole('status')).toHaveText('Column 1 of 2 is being written.');
  await expect(two).toContainText('Waits for its turn.');
  await expect(page.getByRole('status')).toHaveText('Column 2 of 2 is being written.', { timeout: 120_000 });
  await expect(one.locator('ins').first()).toBeVisible();
  await expect(page.getByRole('status')).toHaveText('All columns are done.', { timeout: 120_000 });
  await expect(two.locator('ins').first()).toBeVisible();
  // A random model writes nothing that an edit is made of; the demo changes "utilize".
  await expect(one.locator('ins', { hasText: /^use$/ })).toHaveCount(0);
  await expect(two.locator('ins', { hasText: /^use$/ })).toHaveCount(1);

  await page.getByRole('link', { name: 'History' }).click();
  const entries = page.getByRole('region', { name: 'History' }).getByRole('listitem');
  await expect(entries).toHaveCount(2);
  await expect(entries.nth(0)).toContainText('Demo aligner');
  await expect(entries.nth(1)).toContainText('Tiny model');
  await page.getByRole('link', { name: 'Desk' }).click();
  await expect(page.getByRole('combobox', { name: 'Model', exact: true })).toHaveValue('demo');
  await context.close();
  await site.stop();
});
