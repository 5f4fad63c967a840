import { expect, test } from 'vitest';
import { FAMILIES } from '../../../src/domain/families.ts';
import { ObjectiveChoice, ObjectiveList } from '../../../src/state/objectives.svelte.ts';

const FAMILY = FAMILIES.UltraFeedback;
const POLITE = 'Politeness: the response should be courteous';

function setUp() {
  const list = new ObjectiveList();
  return { list, choice: new ObjectiveChoice(list, () => FAMILY) };
}

test('an own objective is tidied, ticked, and refused a second time under its name', () => {
  const { choice } = setUp();
  expect(choice.add(`  ${POLITE.replace(' ', '\n ')} `)).toBe(true);
  expect(choice.sentences).toEqual([POLITE]);
  expect(choice.add('Politeness: something else')).toBe(false);
  expect(choice.add('Honesty: anything')).toBe(false);
  expect(choice.add('  ')).toBe(false);
});

test('the chosen stand in the order of the list, whichever was ticked first', () => {
  const { choice } = setUp();
  choice.tick('len', true);
  choice.tick('honesty', true);
  expect(choice.chosen.map(({ key }) => key)).toEqual(['honesty', 'len']);
  choice.list.move(FAMILY, 'len', -20);
  expect(choice.chosen.map(({ key }) => key)).toEqual(['len', 'honesty']);
  expect(choice.offered[0]?.key).toBe('len');
  expect(choice.offered).toHaveLength(10);
});

test('a removed objective comes back to its place', () => {
  const { choice, list } = setUp();
  choice.add(POLITE);
  const own = list.own[0];
  if (!own) throw new Error('Nothing was added.');
  list.move(FAMILY, own.key, -3);
  const before = choice.offered;
  list.remove(own.key);
  expect(choice.offered).toHaveLength(10);
  list.restore(own);
  list.restore(own);
  expect(choice.offered).toEqual(before);
});

test('editing keeps place and tick, and refuses the name of another', () => {
  const { choice, list } = setUp();
  choice.add(POLITE);
  const key = list.own[0]?.key ?? '';
  expect(list.edit(FAMILY, key, 'Courtesy: be polite')).toBe(true);
  expect(choice.sentences).toEqual(['Courtesy: be polite']);
  expect(list.edit(FAMILY, key, 'Honesty: be honest')).toBe(false);
  expect(choice.sentences).toEqual(['Courtesy: be polite']);
});

test('an earlier run’s sentences are ticked in its order; unknown ones become own', () => {
  const { choice, list } = setUp();
  const [, honesty] = FAMILY.objectives;
  const sentences = [POLITE, 'Honesty: in other words', honesty?.text ?? ''];
  choice.setSentences(sentences);
  expect(choice.sentences).toEqual(sentences);
  expect(list.own.map(({ text }) => text)).toEqual([POLITE, 'Honesty: in other words']);
  choice.setSentences(sentences);
  expect(list.own).toHaveLength(2);
});

test('keys of own objectives are never given twice', () => {
  const { list } = setUp();
  list.own = [{ key: 'own-7', text: 'Kept: from the last visit' }];
  expect(list.add(FAMILY, POLITE)?.key).toBe('own-8');
});
