import { expect, test } from 'vitest';
import registry from '../../../model-config/models.json';
import { readRegistry } from '../../../src/domain/models.ts';

const demo = registry.models[0];

test('the shipped registry is sound and begins with the demo', () => {
  const { models, problems } = readRegistry(registry);
  expect(problems).toEqual([]);
  expect(models[0]).toMatchObject({ id: 'demo', demo: true });
});

test.each([
  [{ ...demo, family: 'Other' }, 'model "demo": field "family"'],
  [{ ...demo, contextWindow: 0 }, 'model "demo": field "contextWindow"'],
  [{ ...demo, builds: [{ ...demo?.builds[0], library: 'x.js' }] }, 'field "builds.0.library"'],
  [{ ...demo, colour: 'red' }, 'field "colour"'],
  [{ ...demo, id: '../demo' }, 'field "id"'],
  ['nonsense', 'entry 1'],
])('a faulty entry is named with its field, and the others load', (faulty, message) => {
  const { models, problems } = readRegistry({ models: [faulty, { ...demo, id: 'other' }] });
  expect(models.map(({ id }) => id)).toEqual(['other']);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});

test('two entries with one id: the second is refused', () => {
  const { models, problems } = readRegistry({ models: [demo, demo] });
  expect(models).toHaveLength(1);
  expect(problems[0]).toContain('"id"');
});

test('a file that is no registry at all says so', () => {
  expect(readRegistry([1]).problems[0]).toContain('models.json');
});
