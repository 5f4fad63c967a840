import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { openFolder, type OpenFolder } from '../../model-config/convert/folder-source.ts';
import { FAMILIES } from '../../src/domain/families.ts';
import { buildPrompt } from '../../src/domain/prompt.ts';
import { startHubServer, type Faults, type HubServer } from '../hub-server.ts';
import { LlamaForward } from '../llama-forward.ts';
import { FaultServer } from './fault-server.ts';
import { AlignerPage } from './page.ts';
import { byteIds, textOf, writeRandomCheckpoint } from './random-checkpoint.ts';
import { readStoredEntries } from './stored-entries.ts';
import { digestOf } from './weights-page.ts';

/**
 * The three ways to a model, on the built page: a random checkpoint of the demo's shape comes from a server that
 * answers like the Hub, from a folder, and as a ready build by its address; the bytes are the same each time, and the
 * tokens are those of an independent float forward.
 */
test.describe.configure({ mode: 'serial' });

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
const REPOSITORY = 'someone/random-llama';
const SEED = 9;
const REPLY_TOKENS = 16;

let checkpoint: string;
/** The same conversion by the command line. */
let build: string;
let folder: OpenFolder;
let hub: HubServer;
let site: FaultServer;
let page: Page;
const faults: Faults = {};

const button = (action: string, model: string) => page.getByRole('button', { name: `${action}: ${model}` });
const item = (model: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: model }) });
const open = async (search: string) => {
  await page.goto(`${site.origin.replace('127.0.0.1', 'localhost')}/${search}`);
};

/** SHA-256 of the files of a folder that a stored build consists of. */
function digestsOf(path: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(path).map((name) => [name, digestOf(readFileSync(join(path, name)))]),
  );
}

/** SHA-256 of every stored file of a build. */
async function storedDigests(id: string): Promise<Record<string, string>> {
  const { files } = await readStoredEntries(page, id);
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, digestOf(content)]));
}

test.beforeAll(async ({ browser }) => {
  checkpoint = mkdtempSync(join(tmpdir(), 'random-llama-'));
  build = mkdtempSync(join(tmpdir(), 'random-build-'));
  await writeRandomCheckpoint(checkpoint, SEED);
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      ...['--import', 'tsx', 'model-config/convert.ts', checkpoint],
      ...['--quantization', 'q4f32_1', '--output', build, '--force'],
    ],
    { cwd: ROOT, encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  folder = await openFolder(checkpoint);
  hub = await startHubServer(REPOSITORY, folder.source, faults);
  site = await FaultServer.start();
  site.addFolder(DIST);
  site.addFolder(build, 'shared-build/');
  const demo = (
    JSON.parse(readFileSync(join(ROOT, 'model-config/models.json'), 'utf8')) as { models: object[] }
  ).models[0];
  const builds = [{ quantization: 'q4f32_1', library: 'models/demo/demo-q4f32_1.wasm' }];
  const entry = { ...demo, demo: false, builds };
  const models = [
    {
      ...entry,
      id: 'hub',
      name: 'Random from the Hub',
      checkpoint: { repository: REPOSITORY, hub: hub.url },
    },
    { ...entry, id: 'folder', name: 'Random from a folder' },
    { ...entry, id: 'dropped', name: 'Random that was dropped' },
    { ...entry, id: 'broken', family: 'Unheard-of' },
  ];
  site.files.set('/models.json', Buffer.from(JSON.stringify({ models })));
  page = await browser.newPage();
  await open('?view=models');
});
test.afterAll(async () => {
  await page.close();
  await site.stop();
  await hub.close();
  await folder.close();
  for (const path of [checkpoint, build]) rmSync(path, { recursive: true });
});

test("the host's models.json adds models, and a faulty entry is named with its field", async () => {
  await expect(page.getByRole('heading', { name: 'Random from the Hub' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'MetaAligner IMHI 13B' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('models.json: model "broken": field "family"');
});

test('what will not run here says why, and what suits the device is recommended', async () => {
  // The software adapter has no half precision, in which alone the 13B library exists.
  await expect(item('MetaAligner IMHI 13B')).toContainText('It needs the WebGPU feature shader-f16');
  await expect(item('MetaAligner IMHI 7B')).not.toContainText('It needs');
  await expect(item('Demo aligner')).toContainText('Recommended for this device');
});

test('the Hub way says what it costs, can be cancelled, paused, goes on, and gives the bytes of the command line', async () => {
  await page.getByText('Get MetaAligner IMHI 13B').click();
  await expect(item('MetaAligner IMHI 13B')).toContainText('26 GB of traffic');
  await expect(item('MetaAligner IMHI 13B')).toContainText('build of 7.3 GB');

  const name = 'Random from the Hub';
  await page.getByText(`Get ${name}`).click();
  faults.delay = 500;
  await button('Convert from the Hub', name).click();
  await expect(page.getByRole('progressbar', { name: 'Model conversion' })).toBeVisible();
  await button('Cancel and delete', name).click();
  await expect(item(name)).toContainText('The unfinished download was deleted.');
  await expect(item(name)).toContainText('Not here yet');
  await page.getByText(`Get ${name}`).click();
  await button('Convert from the Hub', name).click();
  await expect(page.getByRole('progressbar', { name: 'Model conversion' })).toBeVisible();
  await button('Pause', name).click();
  await expect(item(name)).toContainText('of an unfinished conversion are here');
  await expect(page.getByRole('progressbar')).toHaveCount(0);
  await expect(item(name).getByRole('alert')).toHaveCount(0);
  faults.delay = 0;
  await button('Go on with the Hub', name).click();
  await expect(item(name)).toContainText('Made and stored.', { timeout: 90_000 });
  await expect(item(name)).toContainText('Ready offline');
  expect(await storedDigests('hub-q4f32_1')).toEqual({
    ...digestsOf(build),
    'demo-q4f32_1.wasm': digestOf(readFileSync(join(DIST, 'models/demo/demo-q4f32_1.wasm'))),
  });
});

test('files of another shape are refused by file and field', async () => {
  const name = 'MetaAligner IMHI 7B';
  await page.getByText(`Get ${name}`).click();
  await page.getByLabel(`Choose a folder…: ${name}`).setInputFiles(checkpoint);
  await expect(item(name).getByRole('alert')).toContainText(
    'config.json: field "num_hidden_layers" is 6, and MetaAligner IMHI 7B has 32',
  );
});

test('the folder way gives the same bytes', async () => {
  const name = 'Random from a folder';
  await page.getByText(`Get ${name}`).click();
  await page.getByLabel(`Choose a folder…: ${name}`).setInputFiles(checkpoint);
  await expect(item(name)).toContainText('Made and stored.', { timeout: 90_000 });
  expect(await storedDigests('folder-q4f32_1')).toEqual(await storedDigests('hub-q4f32_1'));
});

test('the folder of a ready build that is dropped is taken over with the same bytes', async () => {
  const name = 'Random that was dropped';
  await item(name).scrollIntoViewIfNeeded();
  const place = await item(name).boundingBox();
  if (!place) throw new Error('The entry is not on the page.');
  const browser = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await browser.send('Input.dispatchDragEvent', {
      type,
      x: place.x + 20,
      y: place.y + 20,
      data: { items: [], files: [build], dragOperationsMask: 1 },
    });
  await expect(item(name)).toContainText('Made and stored.', { timeout: 90_000 });
  expect(await storedDigests('dropped-q4f32_1')).toEqual(await storedDigests('hub-q4f32_1'));
});

test('a ready build is added by its address on another host and gives the same bytes', async () => {
  await page.getByText('Add a model').click();
  await page.getByLabel('Address', { exact: true }).fill(`${site.origin}/shared-build`);
  await page.getByLabel('Name', { exact: true }).fill('Random by address');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByText('Random by address is in the list.')).toBeVisible();
  await button('Download', 'Random by address').click();
  await expect(item('Random by address')).toContainText('Downloaded, checked and stored.');
  const stored = await storedDigests('Random-by-address-q4f32_1');
  // The engine reads one tokenizer file and no table for other programs, so no other is downloaded.
  expect(await storedDigests('hub-q4f32_1')).toMatchObject(stored);
  expect(Object.keys(stored)).toEqual(
    expect.arrayContaining([
      'params_shard_0.bin',
      'tensor-cache.json',
      'mlc-chat-config.json',
      'tokenizer.json',
    ]),
  );
});

test('an address without a model says what is missing', async () => {
  await page.getByLabel('Address', { exact: true }).fill('nothing-here/');
  await page.getByLabel('Name', { exact: true }).fill('Nothing');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByText('The server answered 404 for mlc-chat-config.json.')).toBeVisible();
});

test('a stored build is saved as one archive with every byte of it', async () => {
  const saving = page.waitForEvent('download');
  await button('Save as archive', 'Random from the Hub').click();
  const path = mkdtempSync(join(tmpdir(), 'random-archive-'));
  const archive = await saving;
  expect(archive.suggestedFilename()).toBe('hub-q4f32_1.tar');
  writeFileSync(join(path, 'build.tar'), readFileSync(await archive.path()));
  expect(spawnSync('tar', ['-xf', 'build.tar'], { cwd: path }).status).toBe(0);
  rmSync(join(path, 'build.tar'));
  expect(digestsOf(path)).toEqual(await storedDigests('hub-q4f32_1'));
  rmSync(path, { recursive: true });
});

test('the converted model answers with the tokens of an independent float forward', async () => {
  const [query, answer] = ['Why?', 'Because it is so.'];
  const objective = FAMILIES.UltraFeedback.objectives.find(({ key }) => key === 'len');
  if (!objective) throw new Error('There is no such objective.');
  const { text } = buildPrompt(FAMILIES.UltraFeedback, [objective.text], query, answer);
  const { ids, margin } = new LlamaForward(build).greedy(byteIds(text), REPLY_TOKENS);
  // Far beyond what two ways to add up floats differ by, so that the order of the tokens is beyond doubt.
  expect(margin).toBeGreaterThan(0.02);
  expect(Math.min(...ids)).toBeGreaterThan(2);

  await open('?model=hub');
  const aligner = new AlignerPage(page);
  await expect(page.getByRole('combobox', { name: 'Model' })).toHaveValue('hub');
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByLabel('Longest reply (tokens)').fill(String(REPLY_TOKENS));
  await page.getByRole('button', { name: 'Close' }).click();
  await aligner.fill(query, answer, ['Length']);
  await aligner.align.click();
  await aligner.finished();
  expect(await aligner.editedAnswer.textContent()).toBe(textOf(ids));
});

test('an added model is still there after a reload, and can be taken off the list', async () => {
  await open('?view=models');
  const name = 'Random by address';
  await button('Delete', name).click();
  await page.getByRole('button', { name: new RegExp(`^Delete .* for good: ${name}`) }).click();
  await button('Take off the list', name).click();
  await expect(page.getByRole('heading', { name })).toHaveCount(0);
  await open('?view=models');
  await expect(page.getByRole('heading', { name: 'Random from the Hub' })).toBeVisible();
  await expect(page.getByRole('heading', { name })).toHaveCount(0);
});
