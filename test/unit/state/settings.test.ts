import { expect, test } from 'vitest';
import { Settings } from '../../../src/state/settings.svelte.ts';

test('what is worth keeping comes back as it was', () => {
  const settings = new Settings();
  settings.temperature = 0.5;
  settings.family = 'IMHI';
  settings.keepHistory = false;
  const later = new Settings();
  later.restore(settings.values);
  expect(later.values).toEqual(settings.values);
});

test('a reset restores the defaults but does not begin to keep a history', () => {
  const settings = new Settings();
  const defaults = settings.values;
  settings.maxNewTokens = 12;
  settings.keepHistory = false;
  settings.reset();
  expect(settings.values).toEqual({ ...defaults, keepHistory: false });
});
