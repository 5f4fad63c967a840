import { expect, test } from 'vitest';
import type { Run } from '../../../src/state/alignment.svelte.ts';
import { Versions } from '../../../src/state/versions.svelte.ts';

const run = (answer: string, text: string, query = 'Why?'): Run => ({
  query,
  answer,
  objectives: ['Length: short'],
  text,
  state: 'stop',
});
const shape = ({ steps }: Versions) => steps.map(({ position, from }) => [position, from]);

test('an edit of an edit, and another edit of the same answer, belong together', () => {
  const versions = new Versions();
  versions.add(run('a b c', 'a b'));
  versions.add(run('a b', 'a'));
  versions.add(run('a b c', 'b c'));
  versions.add(run('a b', 'b'));
  expect(shape(versions)).toEqual([
    [1, 0],
    [2, 1],
    [3, 0],
    [4, 1],
  ]);
});

test('a merged text is known as the edit it came of, whatever is decided afterwards', () => {
  const versions = new Versions();
  versions.add(run('one two three', 'one 2 three four'));
  const { review } = versions.steps[0] ?? {};
  review?.toggle(0);
  const merged = review?.merged ?? '';
  expect(merged).toBe('one two three four');
  versions.continueFrom(merged);
  review?.acceptAll();
  versions.add(run(merged, 'one two'));
  expect(shape(versions)).toEqual([
    [1, 0],
    [2, 1],
  ]);
});

test('another answer or another query starts anew', () => {
  const versions = new Versions();
  versions.add(run('a b c', 'a b'));
  versions.add(run('x y', 'x'));
  expect(shape(versions)).toEqual([[1, 0]]);
  versions.add(run('x y', 'y', 'What?'));
  expect(shape(versions)).toEqual([[1, 0]]);
  expect(versions.current?.run.text).toBe('y');
});
