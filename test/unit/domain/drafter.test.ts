import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Drafter, MAX_DRAFT } from '../../../src/domain/drafter.ts';
import { StepCosts } from '../../../src/domain/step-costs.ts';

const END = 2;
/** A device on which a step costs the same however many tokens it takes: guessing is free. */
const flat = new StepCosts([
  [1, 10],
  [32, 10],
]);
/** A device on which every token costs a full step: guessing can only lose. */
const linear = new StepCosts([
  [1, 10],
  [2, 20],
  [32, 320],
]);

/** Runs a reply through a drafter as the step loop does: checks each guess, keeps the right ones and one token more. */
function decode(drafter: Drafter, reply: readonly number[], costs: StepCosts, limit = MAX_DRAFT) {
  const drafts: number[][] = [];
  let position = 0;
  while (position < reply.length) {
    const draft = drafter.propose(costs, limit);
    drafts.push(draft);
    let accepted = 0;
    while (accepted < draft.length && draft[accepted] === reply[position + accepted]) accepted++;
    for (const id of reply.slice(position, position + accepted + 1)) drafter.append(id);
    position += accepted + 1;
  }
  return { steps: drafts.length, drafts };
}

function prompt(lead: readonly number[], answer: readonly number[], tail: readonly number[]) {
  return {
    ids: [...lead, ...answer, ...tail],
    span: [lead.length, lead.length + answer.length] as const,
  };
}

const range = (from: number, length: number) => Array.from({ length }, (_, index) => from + index);

describe('a reply that copies the answer', () => {
  const { ids, span } = prompt([1, 10, 11], range(100, 60), [12, 13]);

  test('takes far fewer steps than tokens, its end included', () => {
    const { steps } = decode(new Drafter(ids, span, END), [...range(100, 60), END], flat);
    expect(steps).toBeLessThanOrEqual(6);
  });

  test('finds its place again after words of its own', () => {
    const reply = [...range(100, 20), 900, 901, ...range(125, 35), END];
    const { steps } = decode(new Drafter(ids, span, END), reply, flat);
    expect(steps).toBeLessThanOrEqual(11);
  });
});

test('goes on where copying left off, though the same words stand earlier and later', () => {
  // "50 51" stands three times in the answer, each time with another continuation.
  const answer = [50, 51, 60, 61, 62, 63, 50, 51, 70, 71, 72, 73, 50, 51, 80, 81, 82, 83];
  const { ids, span } = prompt([1], answer, [9]);
  const drafter = new Drafter(ids, span, END);
  decode(drafter, [60, 61, 62, 63, 999, 50, 51], flat);
  expect(drafter.propose(flat, 2)).toEqual([70, 71]);
});

test('prefers the answer to the rest of the prompt, and a longer match to both', () => {
  const { ids, span } = prompt([1, 30, 31, 32, 77, 5, 32, 66], [20, 21, 32, 88, 22], [9]);
  const shared = new Drafter(ids, span, END);
  shared.append(32);
  expect(shared.propose(flat, 1)).toEqual([88]);
  const longer = new Drafter(ids, span, END);
  for (const id of [30, 31, 32]) longer.append(id);
  expect(longer.propose(flat, 1)).toEqual([77]);
});

test('looks the reply itself up, latest occurrence first', () => {
  const drafter = new Drafter([1, 3, 4], [1, 1], END);
  for (const id of [40, 41, 42, 40, 41, 43, 40, 41]) drafter.append(id);
  expect(drafter.propose(flat, 1)).toEqual([43]);
});

test('goes on with a repetition for as many tokens as are asked for', () => {
  const drafter = new Drafter([1, 3, 4], [1, 1], END);
  for (const id of [40, 41, 40, 41, 40, 41]) drafter.append(id);
  expect(drafter.propose(flat, 5)).toEqual([40, 41, 40, 41, 40]);
});

test('guesses nothing where a guess costs more than it can bring', () => {
  const { ids, span } = prompt([1], range(100, 40), [9]);
  const { drafts } = decode(new Drafter(ids, span, END), [...range(100, 40), END], linear);
  expect(drafts.flat()).toEqual([]);
});

test('stops guessing when its guesses stop coming true, and starts again when they do', () => {
  const pricey = new StepCosts([
    [1, 10],
    [2, 14],
    [17, 40],
  ]);
  const answer = range(100, 200);
  const { ids, span } = prompt([1], answer, [9]);
  const drafter = new Drafter(ids, span, END);
  // Every answer token is followed by another word than in the answer.
  const stray = Array.from({ length: 60 }, (_, index) => (index % 2 ? 1000 + index : 100 + index));
  const away = decode(drafter, stray, pricey);
  expect(away.drafts.slice(-20).flat()).toEqual([]);
  const back = decode(drafter, range(200, 60), pricey);
  expect(back.steps).toBeLessThan(40);
});

test('never guesses more than allowed, and never past what it has seen, on any sequence', () => {
  const token = fc.integer({ min: 3, max: 9 });
  const tokens = fc.array(token, { maxLength: 60 });
  fc.assert(
    fc.property(tokens, tokens, tokens, tokens, fc.nat(20), (lead, answer, tail, reply, limit) => {
      const { ids, span } = prompt([1, ...lead], answer, tail);
      const drafter = new Drafter(ids, span, END);
      const seen = new Set([...ids, ...reply, END]);
      const { drafts, steps } = decode(drafter, reply, flat, limit);
      for (const draft of drafts) {
        expect(draft.length).toBeLessThanOrEqual(Math.min(limit, MAX_DRAFT));
        expect(draft.every((id) => seen.has(id))).toBe(true);
      }
      expect(steps).toBeLessThanOrEqual(Math.max(reply.length, 0));
    }),
  );
});

test('an appended token costs the same in a long sequence as in a short one', () => {
  // Counted by map lookups, not by the clock: a repetitive text is the worst case for an index.
  const lookups = (length: number): number => {
    const original = Reflect.get(Map.prototype, 'get') as (key: unknown) => unknown;
    let count = 0;
    const { ids, span } = prompt(
      [1],
      Array.from({ length }, (_, index) => 3 + (index % 2)),
      [9],
    );
    const drafter = new Drafter(ids, span, END);
    Map.prototype.get = function (this: Map<unknown, unknown>, key) {
      count++;
      return original.call(this, key);
    };
    try {
      decode(
        drafter,
        Array.from({ length: 50 }, (_, index) => 3 + (index % 2)),
        flat,
        1,
      );
    } finally {
      Map.prototype.get = original as typeof Map.prototype.get;
    }
    return count;
  };
  expect(lookups(4000)).toBeLessThanOrEqual(lookups(100) + 10);
});
