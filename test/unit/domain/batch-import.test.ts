import fc from 'fast-check';
import Papa from 'papaparse';
import { expect, test } from 'vitest';
import type { Sheet } from '../../../src/domain/batch.ts';
import { decodeText, readCsv, readJsonLines, readSheet } from '../../../src/domain/batch-import.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function sheet(name: string, text: string | Uint8Array): Sheet {
  const reading = readSheet(name, typeof text === 'string' ? bytes(text) : text);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problem));
  return reading.sheet;
}

function problem(name: string, text: string): unknown {
  const reading = readSheet(name, bytes(text));
  return reading.ok ? undefined : reading.problem;
}

test('reads cells of several lines, quotes, commas and empty cells', () => {
  expect(
    sheet('a.csv', 'query,goldens,generated_text\n"one,\ntwo",,"he said ""no"""\nthree,four,\n'),
  ).toEqual({
    columns: ['query', 'goldens', 'generated_text'],
    rows: [
      ['one,\ntwo', '', 'he said "no"'],
      ['three', 'four', ''],
    ],
  });
});

test('a byte order mark, CRLF and blank lines are no content, and line ends may be mixed', () => {
  const { columns, rows } = sheet('a.csv', '\uFEFFquery,answer\r\n\r\na,"b\r\nc"\nd,e\rf,5" wide\r\n');
  expect(columns).toEqual(['query', 'answer']);
  expect(rows).toEqual([
    ['a', 'b\r\nc'],
    ['d', 'e'],
    ['f', '5" wide'],
  ]);
});

test('nothing is read as a number, a formula, a date or a missing value', () => {
  const cells = ['007', '=1+1', '+1', '-1', '@x', "'quoted", 'nan', 'NULL', 'true', '1e3', '2024-01-01', ' '];
  const { rows } = sheet('a.csv', `query,answer\n${cells.map((cell) => `${cell},`).join('\n')}\n`);
  expect(rows).toEqual(cells.map((cell) => [cell, '']));
});

test.each([
  ['semicolons', 'query;answer\na, b;c\n'],
  ['tabs', 'query\tanswer\na, b\tc\n'],
  ['commas', 'query,answer\n"a, b",c\n'],
  ['commas and names in quotes', '"query","answer"\n"a, b","c"\n'],
])('finds out that cells stand between %s', (_, text) => {
  expect(sheet('a.csv', text)).toEqual({ columns: ['query', 'answer'], rows: [['a, b', 'c']] });
});

test('columns without a name or with a repeated one can still be told apart', () => {
  expect(sheet('a.csv', ',query,query\n0,a,b\n').columns).toEqual(['column 1', 'query', 'query (2)']);
});

test('short rows are filled up, long ones are kept for the table to mark', () => {
  expect(sheet('a.csv', 'query,answer\nonly\na,b,c\n').rows).toEqual([
    ['only', ''],
    ['a', 'b', 'c'],
  ]);
});

test('what any table holds survives being written and read, whatever the delimiter and the line ends', () => {
  const cell = fc.array(
    fc.oneof(
      fc.constantFrom('"', ',', ';', '\t', '\n', '\r\n', '\r', '""', "'", '=', '\uFEFF', ' ', '\\', 'nan'),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 8 },
  );
  const row = fc.tuple(cell, cell, cell).map((cells) => cells.map((parts) => parts.join('')));
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(',', ';', '\t'),
      fc.constantFrom('\n', '\r\n'),
      (rows, delimiter, newline) => {
        const text = Papa.unparse([['query', 'goldens', 'generated_text'], ...rows], { delimiter, newline });
        expect(readCsv(text)).toEqual({ columns: ['query', 'goldens', 'generated_text'], rows });
      },
    ),
    { numRuns: 500 },
  );
});

test('reads JSON Lines: columns in the order in which they first appear, absent values empty', () => {
  expect(
    sheet('a.jsonl', '{"query":"a\\nb","n":7,"tags":["x"]}\r\n\n{"answer":"c","query":null,"ok":true}\n'),
  ).toEqual({
    columns: ['query', 'n', 'tags', 'answer', 'ok'],
    rows: [
      ['a\nb', '7', '["x"]', '', ''],
      ['', '', '', 'c', 'true'],
    ],
  });
});

test('any texts survive JSON Lines', () => {
  const object = fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }), {
    minKeys: 1,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(fc.array(object, { minLength: 1 }), (objects) => {
      const reading = readJsonLines(objects.map((entry) => JSON.stringify(entry)).join('\n'));
      if ('kind' in reading) throw new Error(JSON.stringify(reading));
      for (const [index, entry] of objects.entries())
        for (const [name, value] of Object.entries(entry))
          expect(reading.rows[index]?.[reading.columns.indexOf(name)]).toBe(value);
    }),
  );
});

test.each([
  ['utf-8', new Uint8Array([0xef, 0xbb, 0xbf, 0xc3, 0xa9])],
  ['utf-16le', new Uint8Array([0xff, 0xfe, 0xe9, 0])],
  ['utf-16be', new Uint8Array([0xfe, 0xff, 0, 0xe9])],
  ['windows-1252', new Uint8Array([0xe9])],
])('reads text in %s', (encoding, data) => {
  expect(decodeText(data)).toEqual({ text: 'é', encoding });
});

test.each([
  ['a.csv', '', { kind: 'empty' }],
  ['a.csv', ' \n\n', { kind: 'empty' }],
  ['a.csv', 'query,answer\n', { kind: 'no-rows' }],
  ['a.csv', 'query,answer\n\na,b\nc,"d\ne,f\n', { kind: 'quotes', row: 2, open: true }],
  ['a.csv', 'query,answer\n"a"b,c\nd,e\n', { kind: 'quotes', row: 1, open: false }],
  ['a.jsonl', '{"query":"a"}\n\n[1]\n', { kind: 'json', line: 3, detail: 'not an object' }],
])('%s with a fault is refused whole, with the place of the fault', (name, text, expected) => {
  expect(problem(name, text)).toMatchObject(expected);
});

test('a file too large to hold in memory is refused unread', () => {
  const limit = 64 * 1024 * 1024;
  expect(readSheet('big.csv', new Uint8Array(limit + 1))).toEqual({
    ok: false,
    problem: { kind: 'too-big', bytes: limit + 1, limit },
  });
});

test('a line that is not JSON is named', () => {
  expect(problem('a.jsonl', '{"query":"a"}\n{"query":\n')).toMatchObject({ kind: 'json', line: 2 });
});
