import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordChanges } from '../../../src/domain/changes.ts';

test('names the words that were taken out and put in', () => {
  expect(wordChanges('It always works.', 'It often works.')).toEqual([
    { kind: 'same', text: 'It ' },
    { kind: 'deleted', text: 'always' },
    { kind: 'inserted', text: 'often' },
    { kind: 'same', text: ' works.' },
  ]);
});

test('equal texts have no changes', () => {
  expect(wordChanges('The same.\n', 'The same.\n')).toEqual([{ kind: 'same', text: 'The same.\n' }]);
});

test('both texts can be put together again from the changes, to the last space', () => {
  const words = fc.array(fc.constantFrom('a', 'b ', ' c', '\n', '  ', 'é', '日本', '.', 'ab'), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(words, words, (one, other) => {
      const [before, after] = [one.join(''), other.join('')];
      const changes = wordChanges(before, after);
      const join = (...kinds: string[]) =>
        changes
          .filter(({ kind }) => kinds.includes(kind))
          .map(({ text }) => text)
          .join('');
      expect(join('same', 'deleted')).toBe(before);
      expect(join('same', 'inserted')).toBe(after);
    }),
  );
});
