import { expect, test } from 'vitest';
import {
  historyFile,
  mergeHistory,
  readHistoryFile,
  searchHistory,
  type AlignmentRecord,
} from '../../../src/domain/history.ts';

function record(id: string, minute: number, texts: Partial<AlignmentRecord> = {}): AlignmentRecord {
  return {
    id,
    at: `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`,
    model: { id: 'demo', name: 'Demo aligner' },
    family: 'UltraFeedback',
    objectives: ['Honesty: the response should not tell lies'],
    query: 'What is it?',
    answer: 'It is always so.',
    editedAnswer: 'It is often so.',
    finishReason: 'stop',
    settings: { temperature: 0, maxNewTokens: 64, editShaped: true },
    figures: {
      promptTokens: 100,
      replyTokens: 20,
      timeToFirstTokenSeconds: 0.5,
      prefillTokensPerSecond: 200,
      decodeTokensPerSecond: 40,
      totalSeconds: 1,
      decoding: { path: 'edit-shaped', steps: 5, tokensPerStep: 4 },
    },
    ...texts,
  };
}

test('newest first, each once, the oldest let go beyond the limit', () => {
  const merged = mergeHistory([record('b', 2), record('a', 1)], [record('c', 3), record('b', 2)], 2);
  expect(merged.map(({ id }) => id)).toEqual(['c', 'b']);
});

test('a search finds all its words, wherever they stand, whatever their case and accents', () => {
  const records = [
    record('a', 1, { query: 'Où est le café?' }),
    record('b', 2, { objectives: ['Politeness'] }),
  ];
  const ids = (search: string): string[] => searchHistory(records, search).map(({ id }) => id);
  expect(ids('CAFE ou')).toEqual(['a']);
  expect(ids('polite often')).toEqual(['b']);
  expect(ids('demo')).toEqual(['a', 'b']);
  expect(ids('  ')).toEqual(['a', 'b']);
  expect(ids('café politeness')).toEqual([]);
});

test('what was exported is imported whole', () => {
  const records = [record('b', 2), record('a', 1)];
  expect(readHistoryFile(historyFile(records))).toEqual({ ok: true, records });
});

const file = (alignments: unknown, version: unknown = 1): string =>
  JSON.stringify({ format: 'metaaligner-history', version, alignments });

test.each([
  ['no JSON', 'query,answer', { kind: 'not-json' }],
  [
    'another JSON file',
    '{"name":"x"}',
    { kind: 'other-file', detail: expect.stringContaining('field "format"') as unknown },
  ],
  ['a later release’s file', file([], 2), { kind: 'newer', version: 2 }],
  [
    'a damaged alignment',
    file([record('a', 1), { ...record('b', 2), figures: { ...record('b', 2).figures, replyTokens: '20' } }]),
    { kind: 'entry', entry: 2, detail: expect.stringContaining('field "figures.replyTokens"') as unknown },
  ],
  ['an impossible time', file([record('a', 1, { at: 'yesterday' })]), { kind: 'entry', entry: 1 }],
])('%s is refused whole and says why', (_, text, problem) => {
  expect(readHistoryFile(text)).toMatchObject({ ok: false, problem });
});
