import { mkdirSync } from 'node:fs';
import { chromium, type Page } from '@playwright/test';
import Papa from 'papaparse';
import { preview } from 'vite';
import { QUIET_FLAGS, provideChromium, webgpuFlags } from './chromium.ts';
import { AlignerPage } from './e2e/page.ts';

/**
 * Takes the README's pictures of the built page: `npm run build && npm run screenshots`. With a folder as its parameter
 * it also takes every screen at three widths in both themes there, to be looked at.
 */
const FOLDER = '.github/screenshots';
const server = await preview({ preview: { port: 4373, strictPort: true } });
const browser = await chromium.launch({
  executablePath: provideChromium(),
  args: ['--no-sandbox', ...QUIET_FLAGS, ...webgpuFlags()],
});

async function open(width: number, height: number, colorScheme: 'light' | 'dark'): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    deviceScaleFactor: 1,
  });
  const page = await context.newPage();
  await page.goto('http://localhost:4373/');
  return page;
}

/** Texts of the kind that the demo model was made for. */
const SAMPLES: readonly (readonly [query: string, answer: string])[] = [
  [
    'How do I keep bread fresh?',
    'In order to keep bread fresh, you should utilize a bread box. It always works perfectly. Bread is really good when it is kept in a dry place, due to the fact that mould needs water.',
  ],
  [
    'Why is the sky blue?',
    'Well, the sky is basically blue because air scatters blue light more than red light.',
  ],
  [
    'How do I boil an egg?',
    'In order to boil an egg, you should put it into boiling water for eight minutes.',
  ],
  [
    'When does the train leave?',
    'The train always leaves at nine, and everyone knows that it is the best train.',
  ],
  ['Why does bread rise?', 'Bread rises due to the fact that yeast makes gas.'],
  ['Is tea better than coffee?', 'Tea is obviously better than coffee. Nobody sensible drinks coffee.'],
  ['How do I clean a window?', 'You should utilize water and a soft cloth. It is really easy.'],
  ['What is a poet?', 'A poet is basically a person who writes poems.'],
];

async function align(page: Page): Promise<void> {
  const aligner = new AlignerPage(page);
  const [[query, answer] = ['', '']] = SAMPLES;
  await aligner.fill(query, answer, ['Honesty', 'Readability', 'Length']);
  await aligner.align.click();
  await aligner.finished();
}

async function show(page: Page, screen: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: screen }).click();
}

/** Two sets of objectives side by side, both written. */
async function compare(page: Page): Promise<void> {
  await show(page, 'Compare');
  const second = page.getByRole('region', { name: 'Column 2' });
  await second.getByRole('checkbox', { name: 'Length', exact: true }).check();
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.getByText('All columns are done.').waitFor({ timeout: 120_000 });
}

/** A file under way, with so many of its rows done. */
async function runBatch(page: Page, done: number): Promise<void> {
  await show(page, 'Batch');
  const file = Papa.unparse(
    SAMPLES.map(([query, answer]) => ({ query, goldens: '', generated_text: answer })),
  );
  await page
    .getByLabel(/^Open/)
    .setInputFiles({ name: 'answers.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page
    .getByRole('table', { name: 'Rows' })
    .getByText(/^Aligned/)
    .nth(done - 1)
    .waitFor({ timeout: 120_000 });
}

mkdirSync(FOLDER, { recursive: true });
const desk = await open(1280, 900, 'light');
await align(desk);
await desk.evaluate(() => scrollTo(0, 0));
await desk.screenshot({ path: `${FOLDER}/desk.png` });
await desk.getByRole('region', { name: 'Changes' }).screenshot({ path: `${FOLDER}/changes.png` });
await compare(desk);
await desk.locator('body').screenshot({ path: `${FOLDER}/compare.png` });
await runBatch(desk, 5);
await desk.screenshot({ path: `${FOLDER}/batch.png` });
await show(desk, 'Models');
await desk.screenshot({ path: `${FOLDER}/models.png` });
await desk.context().close();

const folder = process.argv[2];
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  for (const width of [360, 820, 1440])
    for (const theme of ['light', 'dark'] as const) {
      const page = await open(width, width < 600 ? 740 : 900, theme);
      const shot = (name: string, fullPage = true): Promise<unknown> =>
        page.screenshot({ path: `${folder}/${width}-${theme}-${name}.png`, fullPage });
      for (const screen of ['Desk', 'Compare', 'Batch', 'History']) {
        await show(page, screen);
        await shot(`${screen.toLowerCase()}-empty`);
      }
      await show(page, 'Models');
      await shot('models');
      await show(page, 'Desk');
      for (const dialog of ['Help', 'Settings']) {
        await page.getByRole('button', { name: dialog }).click();
        await shot(dialog.toLowerCase(), false);
        await page.keyboard.press('Escape');
      }
      await align(page);
      await shot('desk');
      await page.getByRole('radio', { name: 'Side by side' }).check({ force: true });
      await page.getByRole('button', { name: 'Order and own objectives' }).click();
      await shot('desk-open');
      await compare(page);
      await shot('compare');
      await runBatch(page, 3);
      await page.getByRole('button', { name: 'Row 1', exact: true }).click();
      await shot('batch');
      await page.getByRole('button', { name: 'Pause' }).click();
      await show(page, 'History');
      await shot('history');
      await page.context().close();
    }
}
await browser.close();
await server.close();
