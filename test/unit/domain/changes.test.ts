import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesBetween, extentOf, mergeChanges, type Piece } from '../../../src/domain/changes.ts';

const text = fc
  .array(fc.constantFrom('a', 'b ', ' c', '\n', '  ', 'é', '日本', '.', 'ab', "don't", 'שלום ', '🙂', 'a '), {
    maxLength: 40,
  })
  .map((words) => words.join(''));

const none = new Set<number>();
const changeCount = (pieces: readonly Piece[]): number =>
  pieces.filter(({ kind }) => kind === 'change').length;
const all = (pieces: readonly Piece[]): Set<number> => new Set(Array(changeCount(pieces)).keys());

test('names the words that were taken out and put in', () => {
  expect(changesBetween('It always works.', 'It often works.')).toEqual([
    { kind: 'same', text: 'It ' },
    { kind: 'change', deleted: 'always', inserted: 'often' },
    { kind: 'same', text: ' works.' },
  ]);
});

test('equal texts have no changes', () => {
  expect(changesBetween('The same.\n', 'The same.\n')).toEqual([{ kind: 'same', text: 'The same.\n' }]);
  expect(changesBetween('', '')).toEqual([]);
});

test('words of scripts beyond Latin stay whole', () => {
  expect(changesBetween('Это работает всегда.', 'Это работает часто.')).toEqual([
    { kind: 'same', text: 'Это работает ' },
    { kind: 'change', deleted: 'всегда', inserted: 'часто' },
    { kind: 'same', text: '.' },
  ]);
});

test('a rewritten stretch is one change, even where a word of it stayed', () => {
  const pieces = changesBetween(
    'Start. Big red dogs and small cats run. End here.',
    'Start. Two old birds and four mice fly. End here.',
  );
  expect(changeCount(pieces)).toBe(1);
});

test('all accepted is the edited answer, all rejected is the answer, to the last space', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const pieces = changesBetween(before, after);
      expect(mergeChanges(pieces, none)).toBe(after);
      expect(mergeChanges(pieces, all(pieces))).toBe(before);
    }),
  );
});

test('accepting a change moves no other: each choice decides its own words only', () => {
  fc.assert(
    fc.property(
      text,
      text,
      fc.array(fc.boolean(), { minLength: 41, maxLength: 41 }),
      (before, after, choice) => {
        const pieces = changesBetween(before, after);
        const rejected = new Set([...all(pieces)].filter((number) => choice[number]));
        const merged = mergeChanges(pieces, rejected);
        let number = 0;
        const expected = pieces.reduce(
          (length, piece) =>
            length +
            (piece.kind === 'same' ? piece.text : rejected.has(number++) ? piece.deleted : piece.inserted)
              .length,
          0,
        );
        expect(merged).toHaveLength(expected);
        for (const piece of pieces) if (piece.kind === 'same') expect(merged).toContain(piece.text);
        // Rejecting some and then the rest of them by comparing anew comes to the answer as well.
        const again = changesBetween(before, merged);
        expect(mergeChanges(again, all(again))).toBe(before);
      },
    ),
  );
});

test('no piece is empty, and two changes never touch', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const pieces = changesBetween(before, after);
      expect(
        pieces.every((piece) => (piece.kind === 'same' ? piece.text : piece.deleted + piece.inserted) !== ''),
      ).toBe(true);
      expect(pieces.some((piece, index) => piece.kind === pieces[index + 1]?.kind)).toBe(false);
    }),
  );
});

test('texts too far apart for a search word by word are still told apart whole, equal sentences kept', () => {
  const words = (seed: number): string =>
    Array.from({ length: 700 }, (_, index) => `w${(index * seed) % 691}`).join(' ');
  const before = `${words(3)}. This sentence stays. ${words(5)}.`;
  const after = `${words(7)}. This sentence stays. ${words(11)}.`;
  const pieces = changesBetween(before, after);
  expect(mergeChanges(pieces, none)).toBe(after);
  expect(mergeChanges(pieces, all(pieces))).toBe(before);
  expect(pieces).toContainEqual({ kind: 'same', text: ' This sentence stays. ' });
});

test('counts what changed', () => {
  expect(extentOf(changesBetween('It always works.', 'It often works, mostly.'))).toEqual({
    changes: 2,
    wordsInserted: 2,
    wordsDeleted: 1,
    share: 3 / 7,
  });
  expect(extentOf(changesBetween('Same.', 'Same.')).share).toBe(0);
  expect(extentOf(changesBetween('One.', 'Two!')).share).toBe(1);
});
