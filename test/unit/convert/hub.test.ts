import { afterEach, describe, expect, test } from 'vitest';
import { openHubRepository } from '../../../model-config/convert/hub-source.ts';
import { openHubCheckpoint } from '../../../src/weights/checkpoint/hub-source.ts';
import { readWait } from '../../../src/weights/back-off.ts';
import { httpFile } from '../../../src/weights/checkpoint/http-source.ts';
import type { Source, SourceFile } from '../../../src/weights/checkpoint/source.ts';
import { convert } from '../../../src/weights/convert/convert.ts';
import { startHubServer, type Faults, type HubServer } from '../../hub-server.ts';
import { inlinePool } from './inline-pool.ts';
import { MemorySink } from './memory-sink.ts';
import { tinyCheckpoint } from './tiny-checkpoint.ts';

let server: HubServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
  delete process.env.HF_ENDPOINT;
  delete process.env.HF_TOKEN;
});

const REPOSITORY = 'someone/some-model';
const NEVER = new AbortController().signal;

type Open = (url: string, repository?: string) => Promise<Source>;

const READERS: [string, Open][] = [
  ['the page', (url, repository = REPOSITORY) => openHubCheckpoint(repository, url)],
  [
    'the command line',
    async (url, repository = REPOSITORY) => {
      process.env.HF_ENDPOINT = url;
      return (await openHubRepository(repository, NEVER)).source;
    },
  ],
];

async function build(source: Source): Promise<MemorySink> {
  const sink = new MemorySink();
  await convert(source, sink, { quantisation: 'q4f32_1' }, { pool: inlinePool });
  return sink;
}

describe.each(READERS)('%s', (_, open) => {
  async function start(faults?: Faults): Promise<string> {
    server = await startHubServer(
      REPOSITORY,
      tinyCheckpoint({ files: { 'picture.png': new Blob(['x']) } }),
      faults,
    );
    return server.url;
  }

  test('a checkpoint on the Hub becomes the same build as the one on disk', async () => {
    const source = await open(await start());
    expect([...source.keys()].sort()).toEqual(['config.json', 'model.safetensors']);
    expect((await build(source)).files).toEqual((await build(tinyCheckpoint())).files);
    const parts = server?.requests.filter(({ path }) => path === 'model.safetensors') ?? [];
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.every(({ range }) => range?.startsWith('bytes='))).toBe(true);
  });

  test('busy answers and broken connections are tried again', async () => {
    const source = await open(await start({ busyEvery: 5, dropEvery: 7 }));
    expect((await build(source)).files).toEqual((await build(tinyCheckpoint())).files);
  });

  test('a repository that is not there is named', async () => {
    const url = await start();
    await expect(open(url, 'someone/else')).rejects.toMatchObject({
      code: 'read-failed',
      details: { file: 'someone/else', reason: { says: 'no-repository' } },
    });
  });

  test('parts come straight from where a file really lies, until that address expires', async () => {
    const source = await open(await start({ expireAfter: 8 }));
    expect((await build(source)).files).toEqual((await build(tinyCheckpoint())).files);
    const parts = server?.requests.filter(({ path }) => path === 'model.safetensors').length ?? 0;
    const redirects = server?.redirects.filter((path) => path === 'model.safetensors').length;
    expect(redirects).toBeGreaterThan(1);
    expect(redirects).toBeLessThan(parts / 2);
  });

  test('files that want a login are named, with what to do', async () => {
    const source = await open(await start({ wanted: 'Bearer hf_somebody' }));
    await expect(build(source)).rejects.toMatchObject({
      code: 'read-failed',
      details: { file: 'config.json', reason: { says: 'login-wanted', status: 401 } },
    });
  });
});

test('the command line logs in at the Hub and nowhere else', async () => {
  server = await startHubServer(REPOSITORY, tinyCheckpoint(), { wanted: 'Bearer hf_somebody' });
  process.env.HF_ENDPOINT = `${server.url}/`;
  process.env.HF_TOKEN = 'hf_somebody';
  const { source } = await openHubRepository(REPOSITORY, NEVER);
  expect((await build(source)).files).toEqual((await build(tinyCheckpoint())).files);
  expect(server.leaked).toEqual([]);
});

test('the Hub’s own way to say how long to wait is understood', () => {
  expect(readWait(new Headers({ 'Retry-After': '7' }))).toBe(7000);
  expect(readWait(new Headers({ RateLimit: '"resolvers";r=0;t=42' }))).toBe(42_000);
  expect(readWait(new Headers({ 'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT' }))).toBeGreaterThanOrEqual(0);
  expect(readWait(new Headers({ 'Retry-After': 'soon' }))).toBeUndefined();
  expect(readWait(new Headers())).toBeUndefined();
});

test('a server without Range is named, not read whole', async () => {
  server = await startHubServer(REPOSITORY, tinyCheckpoint(), { noRange: true });
  const source = await openHubCheckpoint(REPOSITORY, server.url);
  await expect(build(source)).rejects.toThrow(/model\.safetensors: The server sends only whole files/);
});

test('a server that stands still is asked anew', async () => {
  server = await startHubServer(REPOSITORY, tinyCheckpoint(), { stallEvery: 2 });
  const expected = tinyCheckpoint().get('model.safetensors') as SourceFile;
  const url = `${server.url}/${REPOSITORY}/resolve/main/model.safetensors`;
  const { size } = expected;
  const file = httpFile({ name: 'model.safetensors', url, size, version: '' }, 500);
  for (let at = 0; at < 5000; at += 1000)
    expect(await file.read(at, 1000)).toEqual(await expected.read(at, 1000));
  expect(server.requests.length).toBeGreaterThan(5);
});

test('waiting for a busy server ends at once when aborted', async () => {
  server = await startHubServer(REPOSITORY, tinyCheckpoint(), { busyEvery: 1 });
  const source = await openHubCheckpoint(REPOSITORY, server.url);
  const stop = new AbortController();
  const reading = source.get('config.json')?.read(0, 10, stop.signal);
  stop.abort(new Error('stopped by the test'));
  await expect(reading).rejects.toThrow('stopped by the test');
});

test('what is no repository name is not asked for', async () => {
  await expect(openHubCheckpoint('../../etc', 'http://127.0.0.1:9')).rejects.toMatchObject({
    code: 'bad-option',
  });
});
