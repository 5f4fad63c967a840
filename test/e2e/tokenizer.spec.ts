import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { llama2Tokenizer } from '../../model-config/convert/llama2-tokenizer.ts';
import registry from '../../model-config/models.json' with { type: 'json' };
import { startHubServer, type HubServer } from '../hub-server.ts';
import { CONFIG, source, tinyCheckpoint, tinyTensors } from '../unit/convert/tiny-checkpoint.ts';
import { FaultServer } from './fault-server.ts';
import { readStoredEntries } from './stored-entries.ts';

/**
 * A checkpoint without a tokenizer on the built page: LLaMA-2's is fetched from the address that the registry names,
 * or the checkpoint is refused and nothing is stored.
 */
const ROOT = join(import.meta.dirname, '../..');
const CHECKPOINT = 'someone/tiny-llama';
const TOKENIZER = 'someone/llama-2';
const VOCABULARY = 32000;

const checkpoint = tinyCheckpoint({
  config: { vocab_size: VOCABULARY },
  tensors: tinyTensors({ vocabulary: VOCABULARY }),
});

let tokenizer: Buffer;
let hub: HubServer;
/** Has the tokenizer. */
let base: HubServer;
/** Has it for those only who log in. */
let gated: HubServer;
let site: FaultServer;
let page: Page;

const item = (model: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: model }) });
const addressOn = ({ url }: HubServer): string => `${url}/${TOKENIZER}/resolve/main/tokenizer.json`;

/** The checkpoint as files that a person chooses. */
async function chooseFiles(model: string): Promise<void> {
  await page.getByText(`Get ${model}`).click();
  const files = [...checkpoint.values()].map(async (file) => ({
    name: file.name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(await file.read(0, file.size)),
  }));
  await page.getByLabel(`Choose files…: ${model}`).setInputFiles(await Promise.all(files));
}

test.beforeAll(async ({ browser }) => {
  const content = new Blob([JSON.stringify(await llama2Tokenizer())]);
  tokenizer = Buffer.from(await content.arrayBuffer());
  hub = await startHubServer(CHECKPOINT, checkpoint);
  base = await startHubServer(TOKENIZER, source({ 'tokenizer.json': content }));
  gated = await startHubServer(TOKENIZER, source({ 'tokenizer.json': content }), { wanted: 'Bearer hf' });
  site = await FaultServer.start();
  site.addFolder(join(ROOT, 'dist'));
  site.files.set('/base/tokenizer.json', tokenizer);
  const entry = {
    family: 'UltraFeedback',
    architecture: {
      layers: CONFIG.num_hidden_layers,
      hidden: CONFIG.hidden_size,
      intermediate: CONFIG.intermediate_size,
      heads: CONFIG.num_attention_heads,
      keyValueHeads: CONFIG.num_key_value_heads,
      vocabulary: VOCABULARY,
    },
    contextWindow: 128,
    licence: 'MIT',
    builds: [{ quantization: 'q4f32_1', library: 'models/demo/demo-q4f32_1.wasm' }],
  };
  const shipped = registry.models.find(({ id }) => id === 'MetaAligner-IMHI-7B');
  const models = [
    {
      ...entry,
      id: 'hub',
      name: 'Tiny from the Hub',
      checkpoint: { repository: CHECKPOINT, hub: hub.url },
      tokenizer: addressOn(base),
    },
    { ...entry, id: 'files', name: 'Tiny from files', tokenizer: 'base/tokenizer.json' },
    { ...entry, id: 'gated', name: 'Tiny behind a login', tokenizer: addressOn(gated) },
    { ...entry, id: 'alone', name: 'Tiny on its own' },
    { ...shipped, tokenizer: 'base/tokenizer.json' },
  ];
  site.files.set('/models.json', Buffer.from(JSON.stringify({ models })));
  page = await browser.newPage();
  await page.goto(`${site.origin.replace('127.0.0.1', 'localhost')}/?view=models`);
});
test.afterAll(async () => {
  await page.close();
  await site.stop();
  await Promise.all([hub, base, gated].map((server) => server.close()));
});

test('from the Hub it gets LLaMA-2’s, byte for byte, and the page says from where', async () => {
  const name = 'Tiny from the Hub';
  await page.getByText(`Get ${name}`).click();
  await expect(item(name)).toContainText(
    `A checkpoint without a tokenizer gets LLaMA-2’s, fetched from ${addressOn(base)}.`,
  );
  await page.getByRole('button', { name: `Convert from the Hub: ${name}` }).click();
  await expect(item(name)).toContainText('Made and stored.', { timeout: 90_000 });
  await expect(item(name)).toContainText(
    `The checkpoint has no tokenizer: LLaMA-2's is taken from ${addressOn(base)}.`,
  );
  const { files } = await readStoredEntries(page, 'hub-q4f32_1');
  expect(files['tokenizer.json']?.equals(tokenizer)).toBe(true);
  expect(JSON.parse(String(files['mlc-chat-config.json']))).toMatchObject({
    tokenizer_files: ['tokenizer.json'],
    active_vocab_size: VOCABULARY,
  });
  // One request for one file, and nothing in it but the address.
  expect(base.requests).toEqual([{ path: 'tokenizer.json', range: undefined }]);
});

test('from files it gets the one that lies beside the page', async () => {
  const name = 'Tiny from files';
  await chooseFiles(name);
  await expect(item(name)).toContainText('Made and stored.', { timeout: 90_000 });
  const { files } = await readStoredEntries(page, 'files-q4f32_1');
  expect(files['tokenizer.json']?.equals(tokenizer)).toBe(true);
});

test('where the server refuses, the page says what to do and stores nothing', async () => {
  const name = 'Tiny behind a login';
  await chooseFiles(name);
  const alert = item(name).getByRole('alert');
  await expect(alert).toContainText(
    `tokenizer.json: The checkpoint has neither this file nor tokenizer.model, and LLaMA-2's could not be taken from ${addressOn(gated)}.`,
  );
  await expect(alert).toContainText('it wants a login, or its licence to be accepted.');
  await expect(alert).toContainText('Put the tokenizer.json of its base model');
  await expect(item(name)).toContainText('Not here yet');
  expect((await readStoredEntries(page, 'gated-q4f32_1')).keys).toEqual([]);
});

test('where the registry names no address, it is refused as before', async () => {
  const name = 'Tiny on its own';
  await chooseFiles(name);
  await expect(item(name).getByRole('alert')).toContainText('so the model could not read any text. Put the');
  expect((await readStoredEntries(page, 'alone-q4f32_1')).keys).toEqual([]);
});

test('the address that the host names for a known model takes the place of the page’s own', async () => {
  const name = 'MetaAligner IMHI 7B';
  await page.getByText(`Get ${name}`).click();
  await expect(item(name)).toContainText('fetched from base/tokenizer.json.');
});
