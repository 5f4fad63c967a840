import { expect, test } from 'vitest';
import { countStates, recogniseColumns, rowStates, rowTexts, workload } from '../../../src/domain/batch.ts';

test.each([
  [['query', 'goldens', 'generated_text'], { query: 0, goldens: 1, answer: 2 }],
  [['', 'Generated_Text', ' query '], { answer: 1, query: 2 }],
  // A file that this page exported can be run again.
  [['query', 'goldens', 'origin_responses', 'aligned_responses'], { query: 0, goldens: 1, answer: 2 }],
  [['prompt', 'reply'], {}],
])('recognises the columns of %j', (columns, mapping) => {
  expect(recogniseColumns(columns)).toEqual(mapping);
});

test('an empty cell, a missing one and an unmapped role are empty texts, never "nan"', () => {
  expect(rowTexts(['q', ''], { query: 0, answer: 1 })).toEqual({ query: 'q', answer: '', goldens: '' });
  expect(rowTexts(['q'], { query: 0, answer: 5 })).toEqual({ query: 'q', answer: '', goldens: '' });
});

test('states: what came of a row, else its fault, else waiting', () => {
  const sheet = {
    columns: ['query', 'answer'],
    rows: [
      ['a', 'b'],
      ['a', ''],
      [' ', ''],
      ['a', 'b', 'c'],
      ['a', 'b'],
    ],
  };
  const mapping = { query: 0, answer: 1 };
  const states = rowStates(sheet, mapping, [{ state: 'too-long', promptTokens: 9, maxPromptTokens: 5 }]);
  expect(states).toEqual(['too-long', 'waiting', 'blank', 'ragged', 'waiting']);
  expect(countStates(states)).toEqual({ waiting: 2, done: 0, 'too-long': 1, failed: 0, blank: 1, ragged: 1 });
});

test('longer rows are more work, and each row adds to it', () => {
  const sheet = {
    columns: ['q', 'a'],
    rows: [
      ['short', 'x'],
      ['short', 'x'.repeat(100)],
    ],
  };
  const mapping = { query: 0, answer: 1 };
  const [short, long] = [workload(sheet, mapping, [0]), workload(sheet, mapping, [1])];
  expect(long - short).toBe(198);
  expect(workload(sheet, mapping, [0, 1])).toBe(short + long);
});
