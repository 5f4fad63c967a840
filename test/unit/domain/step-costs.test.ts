import { expect, test } from 'vitest';
import { StepCosts } from '../../../src/domain/step-costs.ts';

test('interpolates between what was measured and goes on beyond it', () => {
  const costs = new StepCosts([
    [9, 50],
    [1, 10],
    [5, 30],
  ]);
  expect([1, 3, 5, 7, 9, 13].map((tokens) => costs.at(tokens))).toEqual([10, 20, 30, 40, 50, 70]);
});

test('a single measurement serves for every size', () => {
  expect(new StepCosts([[1, 8]]).at(12)).toBe(8);
});

test('moves towards what steps really take', () => {
  const costs = new StepCosts([
    [1, 10],
    [2, 20],
    [9, 30],
  ]);
  for (let step = 0; step < 40; step++) {
    costs.observe(1, 40);
    costs.observe(5, 100);
  }
  expect(costs.at(1)).toBeCloseTo(40, 0);
  expect(costs.at(5)).toBeGreaterThan(90);
});

test('nothing measured is an error', () => {
  expect(() => new StepCosts([])).toThrow('measured');
});
