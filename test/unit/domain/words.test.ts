import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countWords, joinWords, wordsOf } from '../../../src/domain/words.ts';

test('the words of any text joined are the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(joinWords(wordsOf(text))).toBe(text);
    }),
  );
});

test.each([
  ['Don’t stop, it’s 3 pm.', ['Don’t', 'stop', ',', 'it’s', '3', 'pm', '.']],
  ['Это работает', ['Это', 'работает']],
  ['שלום עולם', ['שלום', 'עולם']],
  ['日本語です', ['日', '本', '語', 'で', 'す']],
  ['नमस्ते दुनिया', ['नमस्ते', 'दुनिया']],
  ['é e\u0301', ['é', 'e\u0301']],
])('cuts %s', (text, cores) => {
  expect(wordsOf(text).map(({ core }) => core)).toEqual(cores);
});

test('counts words, not marks', () => {
  expect(countWords('Well, well… 2 words?')).toBe(4);
  expect(countWords(' … ')).toBe(0);
});
