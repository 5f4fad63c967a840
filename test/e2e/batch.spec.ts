import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Download, type Page, type Worker } from '@playwright/test';
import Papa from 'papaparse';
import { AlignerPage } from './page.ts';

/** A file aligned row by row on the built app with the demo model: paused, reloaded, resumed, exported. */
test.describe.configure({ mode: 'serial' });

const SENTENCES = [
  'Well, the sky is basically blue because air scatters blue light.',
  'In order to boil an egg, you should put it into boiling water for eight minutes.',
  'The train always leaves at nine, and everyone knows that it is the best train.',
  'Bread rises due to the fact that yeast makes gas.',
];
/** As a spreadsheet would write it: a line break within a cell, quotes, an empty answer, a formula, a row too long. */
const ROWS = [
  ['1', 'Why is the sky "blue"?', 'gold, one', SENTENCES[0]],
  ['2', 'How do I boil an egg?\nBriefly.', '', SENTENCES[1]],
  ['3', 'When does the train leave?', '=1+1', SENTENCES[2]],
  ['4', '', '', ''],
  ['5', 'Say nothing.', '', 'word '.repeat(3000)],
  ['6', 'Why does bread rise?', '', SENTENCES[3]],
] as const;
const COLUMNS = ['id', 'query', 'goldens', 'generated_text'];
const csv = '\uFEFF' + Papa.unparse([COLUMNS, ...ROWS], { newline: '\r\n' });

let page: Page;
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
const rowsOf = () => page.getByRole('table', { name: 'Rows' }).locator('tbody tr');
const stateOf = (row: number) => rowsOf().nth(row).locator('td').last();

test.beforeAll(async ({ browser }) => {
  page = await (await browser.newContext()).newPage();
  await page.goto('?view=batch');
});
test.afterAll(async () => {
  await page.context().close();
});

async function open(name: string, text: string): Promise<void> {
  await page.getByLabel(/^Open/).setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
}

async function exported(name: string): Promise<{ name: string; text: string }> {
  // A batch that is through shows its exports by itself.
  if (!(await button(name).isVisible())) await page.locator('summary', { hasText: 'Export' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), button(name).click()]);
  return { name: download.suggestedFilename(), text: await content(download) };
}

async function content(download: Download): Promise<string> {
  return readFileSync(await download.path(), 'utf8');
}

/** The rows of a CSV text without its header. */
function rowsIn(text: string): string[][] {
  return Papa.parse<string[]>(text, { skipEmptyLines: true }).data.slice(1);
}

test('a faulty file is refused with the place of its fault', async () => {
  await open('broken.csv', 'query,generated_text\nWhy?,"Because\n');
  await expect(page.getByRole('alert')).toContainText(
    'broken.csv was not opened. Row 1: a cell begins with a quotation mark that is never closed.',
  );
});

test('a dropped file opens; its columns are recognised, and nothing runs by itself', async () => {
  const transfer = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'six.csv', { type: 'text/csv' }));
    return data;
  }, csv);
  const place = page.getByRole('region', { name: /^Batch/ });
  await place.dispatchEvent('dragover', { dataTransfer: transfer });
  await place.dispatchEvent('drop', { dataTransfer: transfer });
  await expect(page.getByRole('heading', { name: 'Batch six.csv: 6 rows' })).toBeFocused();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page.getByRole('combobox', { name: 'Answer' })).toHaveValue('3');
  await expect(stateOf(0)).toHaveText('Waiting');
  await expect(stateOf(3)).toHaveText('Empty');
  await expect(button('Start')).toHaveAccessibleDescription('Choose at least one objective.');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  }
});

test('paused, it finishes the row under way; after a reload it goes on with the next', async () => {
  const aligner = new AlignerPage(page);
  await aligner.objective('Length').check();
  await button('Start').click();
  // While the model still loads, so that the first row is surely the one under way.
  await button('Pause').click();
  await expect(button('Continue')).toBeVisible({ timeout: 120_000 });
  await expect(stateOf(0)).toHaveText(/^Aligned/);
  await expect(rowsOf().locator('[data-state="done"]')).toHaveCount(1);
  const first = await rowsOf().nth(0).textContent();

  await page.reload();
  await expect(page.getByRole('heading', { name: 'Batch six.csv: 6 rows' })).toBeVisible();
  await expect(page.getByText('Demo aligner · Length · replies of up to 1,024 tokens')).toBeVisible();
  await expect(rowsOf().locator('[data-state="done"]')).toHaveCount(1);
  expect(await rowsOf().nth(0).textContent()).toBe(first);

  await button('Continue').click();
  await expect(
    page.getByRole('status').filter({ hasText: 'The batch is through: 4 rows aligned.' }),
  ).toBeAttached({ timeout: 120_000 });
  await expect(stateOf(4)).toHaveText('Too long');
  await expect(button('Continue')).toHaveAccessibleDescription('No row is waiting.');
});

test('a row shows its texts whole, with the changes', async () => {
  await rowsOf().nth(4).getByRole('button').click();
  await expect(page.getByRole('region', { name: 'Row 5, whole' })).toContainText('Skipped: its prompt has');
  await rowsOf().nth(0).getByRole('button').click();
  await expect(page.getByRole('region', { name: 'Row 1, whole' })).toContainText('Why is the sky "blue"?');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  }
  await rowsOf().nth(0).getByRole('button').click();
  await expect(page.getByRole('region', { name: 'Row 1, whole' })).toHaveCount(0);
});

test('the export has exactly the four columns, every text as it was, and figures in JSONL', async () => {
  const plain = await exported('CSV');
  expect(plain.name).toBe('six-aligned.csv');
  expect(plain.text.split('\r\n')[0]).toBe('query,goldens,origin_responses,aligned_responses');
  const rows = rowsIn(plain.text);
  expect(rows.map((cells) => cells.slice(0, 3))).toEqual(ROWS.map(([, ...cells]) => cells));
  const edited = rows.map((cells) => cells[3]);
  expect(edited.map((text) => text !== '')).toEqual([true, true, true, false, false, true]);

  const lines = (await exported('JSONL with figures')).text.trimEnd().split('\n');
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.map((object) => object.aligned_responses ?? '')).toEqual(edited);
  expect(objects.map((object) => object.state)).toEqual([
    'done',
    'done',
    'done',
    'blank',
    'too-long',
    'done',
  ]);
  expect(objects[0]).toMatchObject({
    setup: { model: { id: 'demo' }, objectives: [expect.stringMatching(/^Length: /) as unknown] },
    figures: { replyTokens: expect.any(Number) as unknown },
    columns: { id: '1' },
  });

  await page.getByRole('checkbox', { name: 'With the file’s other columns' }).check();
  const safe = await exported('CSV for spreadsheets');
  const [header] = Papa.parse<string[]>(safe.text).data;
  expect(header).toEqual(['query', 'goldens', 'origin_responses', 'aligned_responses', 'id']);
  expect(rowsIn(safe.text)[2]?.[1]).toBe("'=1+1");
});

test('1,200 rows with cells of several lines come in and go out as they were; closing is undone', async () => {
  const columns = ['query', 'goldens', 'generated_text'];
  const rows = Array.from({ length: 1200 }, (_, row) => [
    `Question ${row}:\nwhy "${row}", and how?`,
    row % 3 === 0 ? '' : `=SUM(A${row})`,
    row % 50 === 0 ? '' : `Line one of ${row}\r\n\r\n- a, b; c\n${'Some text. '.repeat(row % 40)}`,
  ]);
  await open('many.csv', '\uFEFF' + Papa.unparse([columns, ...rows], { newline: '\r\n' }));
  await expect(page.getByRole('heading', { name: 'Batch many.csv: 1,200 rows' })).toBeFocused();
  await expect(page.getByText('1–50 of 1,200')).toBeVisible();
  await button('Next').click();
  await expect(rowsOf().nth(0)).toContainText('Question 50:');
  const { name, text } = await exported('CSV');
  expect(name).toBe('many-aligned-partial.csv');
  expect(rowsIn(text)).toEqual(rows.map((cells) => [...cells, '']));

  await button('Close file').click();
  await expect(button('Undo')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Batch many.csv: 1,200 rows' })).toBeFocused();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Batch many.csv: 1,200 rows' })).toBeVisible();
});

test('columns of any other names are mapped by hand, in JSONL as in CSV', async () => {
  const lines = [
    { Frage: 'Why?', Antwort: 'Because.', Nummer: 7 },
    { Frage: 'How?', Antwort: 'So.', Nummer: 8 },
  ];
  await open('other.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
  await expect(page.getByRole('heading', { name: 'Batch other.jsonl: 2 rows' })).toBeFocused();
  await expect(button('Start')).toHaveAccessibleDescription('Say which column holds the queries.');
  await page.getByRole('combobox', { name: 'Query' }).selectOption('Frage');
  await expect(button('Start')).toHaveAccessibleDescription('Say which column holds the answers.');
  await page.getByRole('combobox', { name: 'Answer' }).selectOption('Antwort');
  await expect(rowsOf().nth(1)).toContainText('How?');
  await expect(rowsOf().nth(1)).toContainText('So.');
  const rows = rowsIn((await exported('CSV')).text);
  expect(rows).toEqual([
    ['Why?', '', 'Because.', ''],
    ['How?', '', 'So.', ''],
  ]);
});

/** The worker that the engine runs in: the one whose cache is the weight store. */
async function engineWorker(): Promise<Worker> {
  for (const worker of page.workers())
    if (await worker.evaluate(() => !(caches instanceof CacheStorage))) return worker;
  throw new Error('The engine runs in no worker.');
}

/** Long enough that a row is surely under way for a while. */
const LONG_ROWS = Array.from({ length: 5 }, (_, row) => [
  `Question ${row + 1}?`,
  `In order to answer ${row + 1}, utilize a box. ${SENTENCES.join(' ')} ${SENTENCES.join(' ')}`,
]);

async function openLong(name: string): Promise<void> {
  await open(name, Papa.unparse([['query', 'generated_text'], ...LONG_ROWS]));
  await expect(page.getByRole('heading', { name: `Batch ${name}: 5 rows` })).toBeFocused();
  await new AlignerPage(page).objective('Length').check();
}

test('stopped within a row, the rows before it stay, through a reload, and that row begins anew', async () => {
  await openLong('stopped.csv');
  await button('Start').click();
  await expect(stateOf(0)).toHaveText(/^Aligned/, { timeout: 120_000 });
  await expect(stateOf(1)).toHaveText('Running');
  await button('Stop now').click();
  await expect(button('Continue')).toBeFocused();
  await expect(page.getByRole('status').filter({ hasText: 'The batch rests;' })).toBeAttached();
  await expect(stateOf(1)).toHaveText('Waiting');
  const before = await rowsOf().nth(0).textContent();

  await page.reload();
  await expect(rowsOf().locator('[data-state="done"]')).toHaveCount(1);
  await expect(rowsOf().locator('[data-state="waiting"]')).toHaveCount(4);
  await button('Continue').click();
  await expect(
    page.getByRole('status').filter({ hasText: 'The batch is through: 5 rows aligned.' }),
  ).toBeAttached({ timeout: 120_000 });
  expect(await rowsOf().nth(0).textContent()).toBe(before);
  // Every row is whole: none is what a stopped run had written.
  const rows = rowsIn((await exported('CSV')).text);
  for (const [row, cells] of rows.entries()) {
    expect(cells[2]).toBe(LONG_ROWS[row]?.[1]);
    expect(cells[3]).toMatch(/[.]$/);
    expect(cells[3]?.length).toBeGreaterThan(300);
  }
});

test('a row whose engine crashes is marked, the others go on, and it is done when retried', async () => {
  await openLong('crash.csv');
  await button('Start').click();
  await expect(stateOf(0)).toHaveText(/^Aligned/, { timeout: 120_000 });
  await expect(stateOf(1)).toHaveText('Running');
  // An error that nothing in the worker catches, as a fault in it would be.
  await (
    await engineWorker()
  ).evaluate(() => {
    setTimeout(() => {
      throw new Error('The graphics driver fell over');
    });
  });
  await expect(stateOf(1)).toHaveText('Failed');
  await expect(
    page.getByRole('status').filter({ hasText: 'The batch is through: 4 rows aligned, 1 failed.' }),
  ).toBeAttached({ timeout: 120_000 });
  await rowsOf().nth(1).getByRole('button').click();
  await expect(page.getByRole('region', { name: 'Row 2, whole' })).toContainText(
    'The engine failed: Uncaught Error: The graphics driver fell over',
  );
  await rowsOf().nth(1).getByRole('button').click();

  await page.reload();
  await expect(stateOf(1)).toHaveText('Failed');
  await button('Retry 1 row that failed').click();
  await expect(
    page.getByRole('status').filter({ hasText: 'The batch is through: 5 rows aligned.' }),
  ).toBeAttached({ timeout: 120_000 });
  await expect(stateOf(1)).toHaveText(/^Aligned/);
  await expect(button(/^Retry/)).toHaveCount(0);
});
