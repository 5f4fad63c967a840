import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamedChanges } from '../../../src/domain/streamed-changes.ts';
import type { StreamedPiece } from '../../../src/domain/changes.ts';

const originalOf = (pieces: readonly StreamedPiece[]): string =>
  pieces.map((piece) => (piece.kind === 'change' ? piece.deleted : piece.text)).join('');
const writtenOf = (pieces: readonly StreamedPiece[]): string =>
  pieces
    .map((piece) => (piece.kind === 'change' ? piece.inserted : piece.kind === 'same' ? piece.text : ''))
    .join('');

test('what the edit has not come to yet is ahead, not deleted', () => {
  const changes = new StreamedChanges('One two three four. Five six seven eight nine. Ten eleven.');
  expect(changes.update('One two three four. Five sev')).toEqual([
    { kind: 'same', text: 'One two three four. Five ' },
    { kind: 'ahead', text: 'six seven eight nine. Ten eleven.' },
  ]);
  expect(changes.update('One two three four. Five seven eight nine. T')).toEqual([
    { kind: 'same', text: 'One two three four. Five ' },
    { kind: 'change', deleted: 'six ', inserted: '' },
    { kind: 'same', text: 'seven eight nine. ' },
    { kind: 'ahead', text: 'Ten eleven.' },
  ]);
});

test('at every length the pieces hold the whole answer and all that is written but the last word', () => {
  const words = fc.array(fc.constantFrom('a ', 'b ', 'c', '. ', '\n', 'dd ', 'שלום ', '日本'), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(words, words, fc.integer({ min: 1, max: 7 }), (one, other, step) => {
      const [before, after] = [one.join(''), other.join('')];
      const changes = new StreamedChanges(before);
      for (let length = 0; length <= after.length; length += step) {
        const pieces = changes.update(after.slice(0, length));
        expect(originalOf(pieces)).toBe(before);
        expect(after.startsWith(writtenOf(pieces))).toBe(true);
        expect(length - writtenOf(pieces).length).toBeLessThan(20);
      }
    }),
  );
});

test('a long rewriting stays exact', () => {
  const lines = (word: string): string =>
    Array.from({ length: 400 }, (_, index) => `${word}${index} `).join('');
  const [before, after] = [
    `${lines('old')}The end is the same here.`,
    `${lines('new')}The end is the same here.`,
  ];
  const changes = new StreamedChanges(before);
  let pieces: readonly StreamedPiece[] = [];
  for (let length = 0; length <= after.length; length += 9) {
    pieces = changes.update(after.slice(0, length));
    expect(originalOf(pieces)).toBe(before);
    expect(after.startsWith(writtenOf(pieces))).toBe(true);
  }
  expect(writtenOf(pieces).length).toBeGreaterThan(after.length - 20);
});
