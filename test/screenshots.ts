import { mkdirSync } from 'node:fs';
import { chromium, type Page } from '@playwright/test';
import Papa from 'papaparse';
import { preview } from 'vite';
import { QUIET_FLAGS, provideChromium, webgpuFlags } from './chromium.ts';
import { HELD_OUT } from './e2e/fixtures.ts';
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

async function align(page: Page): Promise<void> {
  const aligner = new AlignerPage(page);
  await page.getByRole('button', { name: 'Try an example' }).click();
  await aligner.align.click();
  await aligner.finished();
}

async function show(page: Page, screen: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: screen }).click();
}

mkdirSync(FOLDER, { recursive: true });
const desk = await open(1280, 900, 'light');
await align(desk);
await desk.evaluate(() => scrollTo(0, 0));
await desk.screenshot({ path: `${FOLDER}/desk.png` });
await desk.getByRole('region', { name: 'Changes' }).screenshot({ path: `${FOLDER}/changes.png` });

await show(desk, 'Compare');
const second = desk.getByRole('region', { name: 'Column 2' });
for (const name of ['Honesty', 'Length']) await second.getByRole('checkbox', { name, exact: true }).check();
await desk.getByRole('button', { name: 'Compare', exact: true }).click();
await desk.getByText('All columns are done.').waitFor({ timeout: 120_000 });
await desk.screenshot({ path: `${FOLDER}/compare.png`, fullPage: true });

await show(desk, 'Batch');
const file = Papa.unparse(
  HELD_OUT.slice(0, 8).map(({ query, answer }) => ({ query, goldens: '', generated_text: answer })),
);
await desk
  .getByLabel(/^Open/)
  .setInputFiles({ name: 'answers.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
await desk.getByRole('button', { name: 'Start', exact: true }).click();
await desk
  .getByRole('table', { name: 'Rows' })
  .getByText(/^Aligned/)
  .nth(4)
  .waitFor({ timeout: 120_000 });
await desk.screenshot({ path: `${FOLDER}/batch.png` });

await show(desk, 'Models');
await desk.screenshot({ path: `${FOLDER}/models.png` });
await desk.context().close();

const folder = process.argv[2];
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  for (const width of [390, 820, 1440])
    for (const theme of ['light', 'dark'] as const) {
      const page = await open(width, width < 600 ? 844 : 900, theme);
      await page.screenshot({ path: `${folder}/${width}-${theme}-empty.png`, fullPage: true });
      await align(page);
      await page.screenshot({ path: `${folder}/${width}-${theme}-desk.png`, fullPage: true });
      for (const screen of ['Compare', 'Batch', 'History', 'Models']) {
        await show(page, screen);
        await page.screenshot({
          path: `${folder}/${width}-${theme}-${screen.toLowerCase()}.png`,
          fullPage: true,
        });
      }
      await page.context().close();
    }
}
await browser.close();
await server.close();
