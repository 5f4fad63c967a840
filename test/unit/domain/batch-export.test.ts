import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recogniseColumns, type RowResult, type Sheet } from '../../../src/domain/batch.ts';
import {
  batchCsv,
  batchJsonLines,
  safeForSpreadsheets,
  type Batch,
} from '../../../src/domain/batch-export.ts';
import { readCsv } from '../../../src/domain/batch-import.ts';

const figures = {
  promptTokens: 100,
  replyTokens: 20,
  timeToFirstTokenSeconds: 0.5,
  prefillTokensPerSecond: 200,
  decodeTokensPerSecond: 40,
  totalSeconds: 1,
};

function done(editedAnswer: string): RowResult {
  return { state: 'done', editedAnswer, finishReason: 'stop', figures };
}

function batch(sheet: Sheet, results: Batch['results']): Batch {
  return { sheet, mapping: recogniseColumns(sheet.columns), setup: undefined, results };
}

const plain = { otherColumns: false, spreadsheetSafe: false };
const sample: Sheet = {
  columns: ['id', 'generated_text', 'query', 'goldens'],
  rows: [
    ['1', 'an answer', 'a query', 'gold'],
    ['2', '', '=cmd()', ''],
  ],
};

test('writes exactly the four columns of the paper’s script, and the others on request', () => {
  const { sheet, ...rest } = batch(sample, [done('better')]);
  expect(batchCsv({ sheet, ...rest }, plain)).toBe(
    'query,goldens,origin_responses,aligned_responses\r\na query,gold,an answer,better\r\n=cmd(),,,\r\n',
  );
  expect(batchCsv({ sheet, ...rest }, { ...plain, otherColumns: true })).toBe(
    'query,goldens,origin_responses,aligned_responses,id\r\na query,gold,an answer,better,1\r\n=cmd(),,,,2\r\n',
  );
});

test('spreadsheet-safe: formulas become text and the encoding is marked', () => {
  const csv = batchCsv(batch(sample, [done('=1+1')]), { ...plain, spreadsheetSafe: true });
  expect(csv).toBe(
    "\uFEFFquery,goldens,origin_responses,aligned_responses\r\na query,gold,an answer,'=1+1\r\n'=cmd(),,,\r\n",
  );
});

test('no cell of a spreadsheet-safe file begins with what starts a formula; only such cells change', () => {
  const start = fc.constantFrom(
    '=',
    '+',
    '-',
    '@',
    '\t',
    '\r',
    '\n',
    '＝',
    '＋',
    '－',
    '＠',
    'a',
    ' ',
    "'",
    '',
  );
  fc.assert(
    fc.property(start, fc.string({ unit: 'grapheme' }), (first, rest) => {
      const cell = first + rest;
      const safe = safeForSpreadsheets(cell);
      expect(/^[=+\-@\t\r\n＝＋－＠]/.test(safe)).toBe(false);
      expect(safe === cell || safe === `'${cell}`).toBe(true);
    }),
  );
});

test('the raw file holds every text to the last character', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', '=', ' ', '\uFEFF') }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ query: text, goldens: text, answer: text, edited: text }), { minLength: 1 }),
      (rows) => {
        const sheet: Sheet = {
          columns: ['query', 'goldens', 'generated_text'],
          rows: rows.map(({ query, goldens, answer }) => [query, goldens, answer]),
        };
        const csv = batchCsv(
          batch(
            sheet,
            rows.map(({ edited }) => done(edited)),
          ),
          plain,
        );
        expect(readCsv(csv)).toEqual({
          columns: ['query', 'goldens', 'origin_responses', 'aligned_responses'],
          rows: rows.map(({ query, goldens, answer, edited }) => [query, goldens, answer, edited]),
        });
      },
    ),
  );
});

test('JSON Lines carry state, figures, setup and the other columns of every row', () => {
  const setup = {
    model: { id: 'demo', name: 'Demo' },
    family: 'UltraFeedback' as const,
    objectives: ['Honesty: the response should not tell lies'],
    settings: { temperature: 0, maxNewTokens: 64, editShaped: true },
  };
  const results: RowResult[] = [done('better'), { state: 'failed', code: 'device-lost', detail: 'gone' }];
  const lines = batchJsonLines({ ...batch(sample, results), setup })
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      query: 'a query',
      goldens: 'gold',
      origin_responses: 'an answer',
      aligned_responses: 'better',
      state: 'done',
      finishReason: 'stop',
      figures,
      setup,
      columns: { id: '1' },
    },
    {
      query: '=cmd()',
      goldens: '',
      origin_responses: '',
      aligned_responses: null,
      state: 'failed',
      code: 'device-lost',
      detail: 'gone',
      setup,
      columns: { id: '2' },
    },
  ]);
});
