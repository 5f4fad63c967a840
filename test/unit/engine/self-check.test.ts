import { expect, test } from 'vitest';
import { checkSteps } from '../../../src/engine/self-check.ts';
import { ToyForward } from './toy-forward.ts';

const TEXT = [1, 40, 41, 42, 43, 44, 45, 46, 47, 48];
const sum = (ids: readonly number[]): number => ids.reduce((total, id) => (total * 31 + id) % 9973, 7);

test('a model whose longer steps agree with single ones passes, and its steps are timed', async () => {
  const { fault, costs } = await checkSteps(new ToyForward(sum), TEXT);
  expect(fault).toBe('');
  expect(costs.map(([tokens]) => tokens)).toEqual([1, 2, 4, 5, 8, 9, 12, 13, 16, 17]);
  expect(costs.every(([, milliseconds]) => milliseconds >= 0)).toBe(true);
});

/** The race that exists in compiled libraries: steps over several tokens on top of a cache lose part of it. */
class RacingForward extends ToyForward {
  override async verify(ids: readonly number[]): Promise<number[]> {
    const onCache = this.length > 0 && ids.length > 1;
    const rows = await super.verify(ids);
    return onCache ? rows.map((id, row) => (row === ids.length - 1 ? id + 1 : id)) : rows;
  }
}

test('a step that goes wrong on top of a cache is caught, with where it differed', async () => {
  const { fault } = await checkSteps(new RacingForward(sum), TEXT);
  expect(fault).toMatch(/after token 22 the likeliest was \d+, one by one it is \d+/);
});

/** A cache that forgets to shrink. */
class StickyForward extends ToyForward {
  override rollback(): void {
    // Nothing is taken back.
  }
}

test('a rollback that leaves traces is caught', async () => {
  const { fault } = await checkSteps(new StickyForward(sum), TEXT);
  expect(fault).toContain('after a rollback');
});

class WrongPrefill extends ToyForward {
  override async prefill(ids: readonly number[]): Promise<number> {
    return (await super.prefill(ids)) + 1;
  }
}

test('a prefill that disagrees with single steps is caught', async () => {
  expect((await checkSteps(new WrongPrefill(sum), TEXT)).fault).toContain('first part');
});
