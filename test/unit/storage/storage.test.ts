import 'fake-indexeddb/auto';
import { expect, test, vi } from 'vitest';
import { dropResults, readBatch, replaceBatch, writePlan, writeResult } from '../../../src/storage/batch.ts';
import { readDraft, writeDraft } from '../../../src/storage/drafts.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { readSettings, writeSettings } from '../../../src/storage/settings.ts';
import { Table } from '../../../src/storage/table.ts';

test('a table keeps, replaces in one step, and lets go', async () => {
  const table = new Table<number>('test-table');
  expect(await table.get('a')).toBeUndefined();
  await table.putAll([
    ['a', 1],
    [2, 2],
  ]);
  expect(new Map(await new Table<number>('test-table').entries())).toEqual(
    new Map<IDBValidKey, number>([
      ['a', 1],
      [2, 2],
    ]),
  );
  await table.replaceAll([['b', 3]]);
  expect(await table.entries()).toEqual([['b', 3]]);
  await table.put('c', 4);
  await table.remove(['b']);
  expect(await table.entries()).toEqual([['c', 4]]);
  await table.clear();
  expect(await table.entries()).toEqual([]);
});

test('a replacement that the browser refuses leaves what was there', async () => {
  const table = new Table<unknown>('test-refused');
  await table.put('a', 1);
  // A function can't be cloned.
  await expect(
    table.replaceAll([
      ['b', 2],
      ['c', () => undefined],
    ]),
  ).rejects.toBeInstanceOf(StorageError);
  expect(await table.entries()).toEqual([['a', 1]]);
});

test.each([
  [new DOMException('No room.', 'QuotaExceededError'), 'full'],
  [new DOMException('Private window.', 'InvalidStateError'), 'refused'],
])('%s is told as a StorageError', async (cause, reason) => {
  vi.spyOn(indexedDB, 'open').mockImplementationOnce(() => {
    throw cause;
  });
  const table = new Table('test-error');
  await expect(table.get('a')).rejects.toMatchObject({
    name: 'StorageError',
    reason,
    message: cause.message,
  });
  // The next try is a new one.
  expect(await table.get('a')).toBeUndefined();
});

test('settings and draft come back; what is not understood is left out', async () => {
  expect(await readSettings()).toEqual({});
  expect(await readDraft()).toBeUndefined();
  await writeSettings({ temperature: 0.5, keepHistory: false, model: 'demo' });
  await writeDraft({ query: 'q', answer: '', ticked: ['honesty'] });
  expect(await readSettings()).toEqual({ temperature: 0.5, keepHistory: false, model: 'demo' });
  expect(await readDraft()).toEqual({ query: 'q', answer: '', ticked: ['honesty'] });
  const raw = new Table<unknown>('settings');
  await raw.put('all', { temperature: 'hot', maxNewTokens: 64, family: 'Unheard', more: 1 });
  expect(await readSettings()).toEqual({ maxNewTokens: 64 });
});

test('a batch comes back with each result at its row', async () => {
  const results = [undefined, { state: 'failed', code: 'device-lost', detail: 'gone' } as const, undefined];
  const batch = {
    id: 'one',
    fileName: 'a.csv',
    sheet: {
      columns: ['query', 'x'],
      rows: [
        ['a', ''],
        ['b', ''],
        ['c', ''],
      ],
    },
    mapping: { query: 0 },
    setup: undefined,
    results,
  };
  await replaceBatch(batch);
  expect(await readBatch()).toEqual(batch);
  await writePlan({ mapping: { query: 0, answer: 1 }, setup: undefined });
  await writeResult(2, { state: 'too-long', promptTokens: 9, maxPromptTokens: 5 });
  await dropResults([1]);
  expect(await readBatch()).toEqual({
    ...batch,
    mapping: { query: 0, answer: 1 },
    results: [undefined, undefined, { state: 'too-long', promptTokens: 9, maxPromptTokens: 5 }],
  });
  await replaceBatch(undefined);
  expect(await readBatch()).toBeUndefined();
});
