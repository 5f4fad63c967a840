import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { HISTORY_LIMIT, type AlignmentRecord } from '../../../src/domain/history.ts';
import { History } from '../../../src/state/history.svelte.ts';
import { Keeping } from '../../../src/state/keeping.svelte.ts';
import { Settings } from '../../../src/state/settings.svelte.ts';
import { forgetAlignments, readHistory } from '../../../src/storage/history.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

function record(number: number): AlignmentRecord {
  return {
    id: `record-${number}`,
    at: new Date(start + number * 1000).toISOString(),
    model: { id: 'demo', name: 'Demo aligner' },
    family: 'UltraFeedback',
    objectives: ['Honesty: the response should not tell lies'],
    query: `Question ${number}`,
    answer: 'It is always so.',
    editedAnswer: 'It is often so.',
    finishReason: 'stop',
    settings: { temperature: 0, maxNewTokens: 64 },
    figures: {
      promptTokens: 100,
      replyTokens: 20,
      timeToFirstTokenSeconds: 0.5,
      prefillTokensPerSecond: 200,
      decodeTokensPerSecond: 40,
      totalSeconds: 1,
    },
  };
}

/** A history as a page finds it after a reload. */
async function reloaded(settings = new Settings()): Promise<History> {
  const history = new History(new Keeping(), settings);
  await history.restore();
  return history;
}

async function emptied(settings?: Settings): Promise<History> {
  await forgetAlignments((await readHistory()).map(({ id }) => id));
  return reloaded(settings);
}

const ids = (history: History): string[] => history.records.map(({ id }) => id);

test('what was added is there after a reload, newest first', async () => {
  const history = await emptied();
  await history.add(record(1));
  await history.add(record(2));
  expect((await reloaded()).records).toEqual([record(2), record(1)]);
});

test('beyond the limit the oldest are let go, in the store as well', async () => {
  const history = await emptied();
  for (let number = 0; number <= HISTORY_LIMIT; number++) await history.add(record(number));
  const kept = ids(await reloaded());
  expect(kept).toHaveLength(HISTORY_LIMIT);
  expect(kept[0]).toBe(`record-${HISTORY_LIMIT}`);
  expect(kept.at(-1)).toBe('record-1');
});

test('switched off, nothing new is kept and nothing old is lost', async () => {
  const settings = new Settings();
  const history = await emptied(settings);
  await history.add(record(1));
  settings.keepHistory = false;
  await history.add(record(2));
  expect(ids(await reloaded())).toEqual(['record-1']);
});

test('a deletion can be undone, of one and of all', async () => {
  const history = await emptied();
  for (const number of [1, 2, 3]) await history.add(record(number));
  await history.remove(['record-2']);
  expect(ids(await reloaded())).toEqual(['record-3', 'record-1']);
  await history.undo();
  expect(ids(await reloaded())).toEqual(['record-3', 'record-2', 'record-1']);
  await history.remove(ids(history));
  expect(ids(await reloaded())).toEqual([]);
  await history.undo();
  expect(ids(await reloaded())).toEqual(['record-3', 'record-2', 'record-1']);
  expect(history.removed).toEqual([]);
});

test('an exported history is imported elsewhere; what is there already is not doubled', async () => {
  const history = await emptied();
  for (const number of [1, 2]) await history.add(record(number));
  const file = history.exported();
  const elsewhere = await emptied();
  await elsewhere.add(record(1));
  expect(await elsewhere.import(file)).toEqual({ added: 1 });
  expect(ids(await reloaded())).toEqual(['record-2', 'record-1']);
  expect(await elsewhere.import('{}')).toMatchObject({ problem: { kind: 'other-file' } });
  expect(ids(elsewhere)).toEqual(['record-2', 'record-1']);
});
