import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FolderSink } from '../../../model-config/convert/folder-sink.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sink-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const CONTENT = new Map(
  ['params_shard_0.bin', 'params_shard_1.bin', 'tensor-cache.json'].map((name) => [
    name,
    new TextEncoder().encode(name),
  ]),
);

const md5 = (name: string): string => createHash('md5').update(name).digest('hex');

async function write(sink: FolderSink, names: Iterable<string>): Promise<void> {
  for (const name of names) {
    const file = await sink.create(name);
    await file.write(CONTENT.get(name) as Uint8Array<ArrayBuffer>);
    await file.commit(md5(name));
  }
}

test('what was whole before an interruption is found again, what was not is gone', async () => {
  const sink = new FolderSink(folder, false);
  expect(await sink.begin('one', 100)).toEqual(new Map());
  await write(sink, ['params_shard_0.bin']);
  await writeFile(join(folder, '.partial/params_shard_1.bin.growing'), 'half');
  const again = new FolderSink(folder, false);
  expect(await again.begin('one', 100)).toEqual(new Map([['params_shard_0.bin', md5('params_shard_0.bin')]]));
  expect((await readdir(join(folder, '.partial'))).sort()).toEqual(['params_shard_0.bin', 'state.json']);
});

test('another conversion starts anew', async () => {
  const sink = new FolderSink(folder, false);
  await sink.begin('one', 100);
  await write(sink, ['params_shard_0.bin']);
  expect(await new FolderSink(folder, false).begin('another', 100)).toEqual(new Map());
  expect(await readdir(join(folder, '.partial'))).toEqual(['state.json']);
});

test('a state file that a crash cut off means to start anew', async () => {
  const sink = new FolderSink(folder, false);
  await sink.begin('one', 100);
  await write(sink, ['params_shard_0.bin']);
  await writeFile(join(folder, '.partial/state.json'), '{"fingerprint":"one","fil');
  expect(await new FolderSink(folder, false).begin('one', 100)).toEqual(new Map());
});

test('stopped while the files move into place, nothing looks whole and nothing is lost', async () => {
  const sink = new FolderSink(folder, false);
  await sink.begin('one', 100);
  await write(sink, CONTENT.keys());
  const statePath = join(folder, '.partial/state.json');
  const state = JSON.parse(await readFile(statePath, 'utf8')) as object;
  await writeFile(statePath, JSON.stringify({ ...state, finishing: true }));
  await rename(join(folder, '.partial/params_shard_0.bin'), join(folder, 'params_shard_0.bin'));
  expect(await readdir(folder)).not.toContain('tensor-cache.json');

  const again = new FolderSink(folder, false);
  expect([...(await again.begin('one', 100)).keys()].sort()).toEqual([...CONTENT.keys()]);
  await again.finish();
  expect((await readdir(folder)).sort()).toEqual([...CONTENT.keys()]);
  for (const [name, bytes] of CONTENT)
    expect(new Uint8Array(await readFile(join(folder, name)))).toEqual(bytes);
});

test('a build larger than the disk is refused before anything is written', async () => {
  const begin = new FolderSink(folder, false).begin('one', 1e18);
  await expect(begin).rejects.toMatchObject({ code: 'no-space' });
  await expect(begin).rejects.toThrow(/needs 1000000000000000000 more bytes, but only \d+ are free/);
});

test('a place that cannot be written to is named', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(new FolderSink(join(folder, 'file/build'), false).begin('one', 1)).rejects.toMatchObject({
    code: 'write-failed',
  });
});
