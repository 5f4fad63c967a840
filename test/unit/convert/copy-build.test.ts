import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { blobFile, openChosenFiles } from '../../../src/weights/checkpoint/blob-source.ts';
import type { Source } from '../../../src/weights/checkpoint/source.ts';
import { copyBuild, isBuild } from '../../../src/weights/convert/copy-build.ts';
import { makeTar } from '../../../src/weights/convert/tar.ts';
import { MemorySink } from './memory-sink.ts';
import { tinyCheckpoint } from './tiny-checkpoint.ts';

const BUILD = new URL('../../fixtures/mlc/a_f16_single/q4f16_1-cap2KiB/', import.meta.url);
const WHOLE = new URL('../../fixtures/mlc/a_f16_single/q4f16_1/', import.meta.url);

function read(folder: URL): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map(
    readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(new URL(name, folder)))]),
  );
}

function build(): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map([...read(WHOLE), ...read(BUILD)]);
}

function asSource(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Source {
  return new Map([...files].map(([name, bytes]) => [name, blobFile(name, new Blob([bytes]))]));
}

test('a build is copied whole, its table last', async () => {
  const sink = new MemorySink();
  const files = build();
  const seen: [number, number][] = [];
  const summary = await copyBuild(asSource(files), sink, {
    onProgress: (...progress) => seen.push(progress),
  });
  expect(summary).toMatchObject({ shards: 20, resumedShards: 0 });
  expect(new Map([...sink.files].sort())).toEqual(new Map([...files].sort()));
  expect([...sink.files.keys()].at(-1)).toBe('tensor-cache.json');
  expect(seen.at(-1)).toEqual([summary.nbytes, summary.nbytes]);
  expect(sink.finished).toBe(true);
});

test('a stopped copy goes on where it stood', async () => {
  const sink = new MemorySink();
  const stop = new AbortController();
  const halfway = copyBuild(asSource(build()), sink, {
    signal: stop.signal,
    onProgress: (copied, total) => {
      if (copied > total / 2) stop.abort(new Error('stopped by the test'));
    },
  });
  await expect(halfway).rejects.toThrow('stopped by the test');
  expect(sink.finished).toBe(false);
  expect((await copyBuild(asSource(build()), sink, {})).resumedShards).toBeGreaterThan(5);
  expect(sink.finished).toBe(true);
});

describe('damaged builds', () => {
  const change = (name: string, edit: (text: string) => string): Source => {
    const files = build();
    const text = new TextDecoder().decode(files.get(name));
    return asSource(files.set(name, new TextEncoder().encode(edit(text))));
  };

  test.each<[string, () => Source, RegExp]>([
    [
      'a changed byte',
      () => asSource(build().set('params_shard_3.bin', new Uint8Array(2816))),
      /params_shard_3\.bin: The file is damaged|params_shard_3\.bin: The file has/,
    ],
    [
      'a short shard',
      () => asSource(build().set('params_shard_3.bin', new Uint8Array(5))),
      /params_shard_3\.bin: The file has 5 bytes instead of/,
    ],
    [
      'a missing shard',
      () => {
        const files = build();
        files.delete('params_shard_3.bin');
        return asSource(files);
      },
      /^params_shard_3\.bin: The file is named in tensor-cache\.json but is not there/,
    ],
    [
      'a shard outside the folder',
      () =>
        change('tensor-cache.json', (text) => text.replace('params_shard_3.bin', '../params_shard_3.bin')),
      /^\.\.\/params_shard_3\.bin: /,
    ],
    [
      'a table that is no table',
      () => change('tensor-cache.json', () => '{"records":[7]}'),
      /^tensor-cache\.json: It lists something that is not a shard/,
    ],
    [
      'a config without tokenizer',
      () => change('mlc-chat-config.json', () => '{}'),
      /^mlc-chat-config\.json: It names no tokenizer files/,
    ],
  ])('%s is named', async (_, make, message) => {
    const sink = new MemorySink();
    await expect(copyBuild(make(), sink, {})).rejects.toThrow(message);
    expect(sink.finished).toBe(false);
  });
});

test('builds and checkpoints are told apart', () => {
  expect(isBuild(asSource(build()))).toBe(true);
  expect(isBuild(tinyCheckpoint())).toBe(false);
});

test('of the chosen files those beside the topmost config count', () => {
  const files = [
    'a/readme.md',
    'a/b/config.json',
    'a/b/model.safetensors',
    'a/b/old/config.json',
    'a/b/old/model.safetensors',
  ].map((path) => ({ path, file: new File([path], 'x', { lastModified: 5 }) }));
  const source = openChosenFiles(files);
  expect([...source.keys()]).toEqual(['config.json', 'model.safetensors']);
  expect(source.get('config.json')).toMatchObject({ size: 'a/b/config.json'.length, version: '5' });
  expect(() => openChosenFiles([])).toThrow(/neither config\.json/);
});

test('an archive refuses what its headers cannot say', async () => {
  expect(() => makeTar([{ name: 'x'.repeat(101), content: new Blob() }])).toThrow(RangeError);
  const tar = new Uint8Array(
    await makeTar([{ name: 'a.bin', content: new Blob([new Uint8Array(513).fill(7)]) }]).arrayBuffer(),
  );
  expect(tar.length).toBe(512 + 1024 + 1024);
  expect(tar.slice(512, 512 + 513).every((byte) => byte === 7)).toBe(true);
});
