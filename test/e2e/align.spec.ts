import { expect, test, type Page } from '@playwright/test';
import { MODEL_CARD_EXAMPLE } from '../../src/domain/example.ts';
import { inPageOrder, nameOf, REFERENCE } from './fixtures.ts';
import { AlignerPage } from './page.ts';

/** The main job on one page that loads the demo model once. */
test.describe.configure({ mode: 'serial' });

/** A case whose objectives stand in the page's order, so that the page builds the very prompt of the reference. */
const example = REFERENCE.find(
  ({ objectives, answer, reference_text }) =>
    inPageOrder(objectives) && reference_text !== answer && answer.length > 60,
);

let page: Page;
let aligner: AlignerPage;
const requests: string[] = [];
const complaints: string[] = [];

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage();
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  aligner = new AlignerPage(page);
  await page.goto('.');
});

test.afterAll(async () => {
  await page.close();
});

test('an empty form says what is missing, one thing at a time', async () => {
  await expect(aligner.align).toBeDisabled();
  await expect(aligner.align).toHaveAccessibleDescription('Fill in “Query” first.');
  await aligner.query.fill('Why?');
  await expect(aligner.align).toHaveAccessibleDescription('Paste an answer first.');
  await aligner.answer.fill('Because.');
  await expect(aligner.align).toHaveAccessibleDescription('Choose at least one objective.');
  await aligner.objective('Length').check();
  await expect(aligner.align).toBeEnabled();
});

test('a pasted answer is edited by the demo model, word for word as the recipe’s own forward says', async () => {
  if (!example) throw new Error('The fixture has no case that the page can ask for.');
  await aligner.fill(example.query, example.answer, example.objectives.map(nameOf));
  await aligner.align.click();
  await aligner.finished();
  expect(await aligner.editedAnswer.textContent()).toBe(example.reference_text);
  await expect(page.getByRole('status').filter({ hasText: 'Done.' })).toBeVisible();
});

test('the changes show what was taken out and put in', async () => {
  await expect(aligner.changes.locator('ins, del').first()).toBeVisible();
});

test('the figures say how it was decoded', async () => {
  const figures = page.getByRole('region', { name: 'Figures' });
  await expect(figures).toContainText('edit-shaped');
  await expect(figures).toContainText('tokens/s');
});

test('the prompt can be read as it was sent, with its number of tokens', async () => {
  await page.getByText('Exact prompt').click();
  const prompt = page.getByRole('region', { name: 'Prompt' });
  expect(await prompt.textContent()).toBe(example?.prompt);
  await expect(page.getByText(`${example?.prompt_ids.length} tokens`, { exact: true }).first()).toBeVisible();
});

test('an objective of one’s own stands in the prompt, last', async () => {
  await page
    .getByRole('textbox', { name: 'Your own objective' })
    .fill('Politeness: the response should be kind');
  await page.getByRole('button', { name: 'Add objective' }).click();
  await expect(aligner.objective('Politeness')).toBeChecked();
  await expect(page.getByRole('region', { name: 'Prompt' })).toContainText(
    '; Politeness: the response should be kind | Query: ',
  );
  await aligner.align.click();
  await aligner.finished();
  await expect(aligner.editedAnswer).not.toBeEmpty();
});

test('Stop keeps what came so far', async () => {
  const long = Array.from({ length: 60 }, (_, index) => `The ${index + 1} birds sat on the wall.`).join(' ');
  await aligner.fill('What did they do?', long, ['Factuality']);
  await aligner.align.click();
  await expect(aligner.editedAnswer).not.toBeEmpty();
  await aligner.stop.click();
  await aligner.finished();
  await expect(page.getByRole('status').filter({ hasText: 'Stopped.' })).toBeVisible();
  const kept = (await aligner.editedAnswer.textContent()) ?? '';
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(long.length);
});

test('a prompt that leaves no room for the reply is refused with the numbers, before it runs', async () => {
  await aligner.fill('Too much?', 'Seven plain words stand in this sentence. '.repeat(200), ['Length']);
  await aligner.align.click();
  await expect(aligner.alert).toContainText(/The prompt is too long: [\d,]+ tokens\./);
  await expect(aligner.alert).toContainText('reads 2,048, of which 1,024 are kept for the reply');
  await expect(aligner.answer).toHaveValue(/^Seven plain words/);
  await aligner.alert.getByRole('button', { name: 'Dismiss' }).click();
  await expect(aligner.alert).toHaveCount(0);
});

test('the model card’s example is one click away, its published response labelled as such', async () => {
  await page.getByRole('button', { name: 'Try an example' }).click();
  await expect(aligner.query).toHaveValue(MODEL_CARD_EXAMPLE.query);
  await expect(aligner.objectives.getByRole('checkbox', { checked: true })).toHaveCount(4);
  await page.getByText('Published response', { exact: true }).click();
  await expect(page.getByText(MODEL_CARD_EXAMPLE.publishedResponse)).toBeVisible();
  await expect(page.getByText('Nothing computed here')).toContainText(MODEL_CARD_EXAMPLE.model);
});

test('after a reload the model is there without a second download', async () => {
  requests.length = 0;
  await page.reload();
  if (!example) throw new Error('The fixture has no case that the page can ask for.');
  await aligner.fill(example.query, example.answer, example.objectives.map(nameOf));
  await aligner.align.click();
  await aligner.finished();
  expect(await aligner.editedAnswer.textContent()).toBe(example.reference_text);
  expect(requests.filter((url) => url.includes('/models/'))).toEqual([]);
});

test('nothing was asked of any other host, and nothing broke the content security policy', () => {
  const hosts = new Set(requests.filter((url) => url.startsWith('http')).map((url) => new URL(url).hostname));
  expect([...hosts]).toEqual(['localhost']);
  expect(complaints).toEqual([]);
});

test('what people paste cannot leave: page and engine are refused any other host', async () => {
  const engine = page.workers().find((worker) => worker.url().startsWith('blob:'));
  if (!engine) throw new Error('The engine’s worker is not running.');
  const refusal = async (url: string): Promise<string> => {
    const refused = new Promise<string>((resolve) => {
      globalThis.addEventListener('securitypolicyviolation', (event) => {
        resolve(`${event.effectiveDirective} ${event.blockedURI}`);
      });
    });
    await fetch(url).catch(() => undefined);
    return refused;
  };
  const elsewhere = 'https://elsewhere.test/';
  expect(await page.evaluate(refusal, elsewhere)).toBe(`connect-src ${elsewhere}`);
  expect(await engine.evaluate(refusal, elsewhere)).toBe(`connect-src ${elsewhere}`);
});
