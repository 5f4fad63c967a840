import { expect, test } from 'vitest';
import { FAMILIES, objectiveName } from '../../../src/domain/families.ts';

test('the published families have ten, three and three objectives', () => {
  const counts = Object.values(FAMILIES).map(({ name, objectives }) => [name, objectives.length]);
  expect(counts).toEqual([
    ['UltraFeedback', 10],
    ['HH-RLHF', 3],
    ['IMHI', 3],
  ]);
});

test('keys and names are unique within a family', () => {
  for (const { objectives } of Object.values(FAMILIES)) {
    expect(new Set(objectives.map(({ key }) => key)).size).toBe(objectives.length);
    expect(new Set(objectives.map(objectiveName)).size).toBe(objectives.length);
  }
});

test.each([
  ['Honesty: the response should not tell lies', 'Honesty'],
  ['Be kind', 'Be kind'],
  [': odd', ': odd'],
])('the name of “%s” is “%s”', (text, name) => {
  expect(objectiveName({ text })).toBe(name);
});
