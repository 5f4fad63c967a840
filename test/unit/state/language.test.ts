import { expect, test } from 'vitest';
import { de } from '../../../src/domain/texts/de.ts';
import { en } from '../../../src/domain/texts/en.ts';
import { preferred } from '../../../src/state/language.svelte.ts';

test.each([
  [['de-CH', 'en'], 'de'],
  [['fr', 'DE'], 'de'],
  [['fr', 'en-GB', 'de'], 'en'],
  [['fr'], 'en'],
  [[], 'en'],
])('%j gives %s', (tags, locale) => {
  expect(preferred(tags)).toBe(locale);
});

/** Plain texts by their path. */
function paths(texts: object, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(texts) as [string, unknown][]) {
    if (typeof value === 'string') found.set(path + key, value);
    else if (typeof value === 'object' && value !== null)
      for (const entry of paths(value, `${path}${key}.`)) found.set(...entry);
  }
  return found;
}

test('texts are translated, all but a few that are the same in both', () => {
  const german = paths(de);
  const same = [...paths(en)].filter(([path, text]) => german.get(path) === text).map(([path]) => path);
  expect(german.size).toBe(paths(en).size);
  // "Name", "Export", "Prompt" and the like are few.
  expect(same.length / german.size).toBeLessThan(0.08);
});
