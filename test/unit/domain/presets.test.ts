import { expect, test } from 'vitest';
import { FAMILIES } from '../../../src/domain/families.ts';
import { presetsOf } from '../../../src/domain/presets.ts';

test.each(Object.values(FAMILIES))('the presets of $name hold objectives of it, each once', (family) => {
  const keys = family.objectives.map(({ key }) => key);
  const presets = presetsOf(family);
  expect(presets.length).toBeGreaterThan(1);
  for (const preset of presets) {
    expect(new Set(preset.keys).size).toBe(preset.keys.length);
    expect(keys).toEqual(expect.arrayContaining([...preset.keys]));
  }
});

test('"all" is every objective of the family, ten for UltraFeedback', () => {
  const [all] = presetsOf(FAMILIES.UltraFeedback);
  expect(all).toMatchObject({ name: 'all' });
  expect(all?.keys).toHaveLength(10);
});
