import type { Forward } from './pipeline.ts';

/** Whether steps over several tokens give on this device what single steps give, and what steps cost here. */
export interface SelfCheck {
  /** Empty when they do; else what differed. */
  readonly fault: string;
  /** Pairs of (tokens in a step, milliseconds). */
  readonly costs: readonly (readonly [number, number])[];
}

/** Long enough to cross a page of the cache (16 tokens), short enough to take a moment on a slow device. */
const CHECKED_TOKENS = 22;
/** Where the text is cut in two: inside the first page, around its end, and near the end of the text. */
const CUTS = [1, 7, 15, 16, 17, 20];
/** Sizes of the steps that are timed. Kernels take rows in tiles of four, so costs rise in stairs of four. */
const TIMED = [2, 4, 5, 8, 9, 12, 13, 16, 17];
const ROUNDS = 2;

/**
 * Feeds a short text whole, in two parts at several places, and token by token: the likeliest next token must be the
 * same at every position. Some compiled libraries hold a race in the kernel that joins attention over new and over
 * cached tokens, which shows on some graphics devices only, so it is tried on every device.
 *
 * @param ids a natural text of at least a few tokens, BOS first; it is cut or repeated to the length that is checked
 */
export async function checkSteps(forward: Forward, ids: readonly number[]): Promise<SelfCheck> {
  const text = Array.from({ length: CHECKED_TOKENS }, (_, index) => ids[index % ids.length] ?? 0);
  const costs: [number, number][] = [];
  let fault = '';
  const compare = (how: string, from: number, expected: readonly number[], got: readonly number[]): void => {
    const wrong = got.findIndex((id, index) => id !== expected[index]);
    if (wrong >= 0 && fault === '')
      fault = `${how}: after token ${from + wrong + 1} the likeliest was ${got[wrong]}, one by one it is ${expected[wrong]}`;
  };

  forward.reset();
  const single: number[] = [];
  const times: number[] = [];
  for (const id of text) {
    const started = performance.now();
    single.push(await forward.decode(id));
    times.push(performance.now() - started);
  }
  costs.push([1, median(times)]);

  // What was guessed wrongly is taken back and must leave no trace.
  forward.rollback(CHECKED_TOKENS - 16);
  compare('after a rollback', 16, single.slice(16), await forward.verify(text.slice(16)));

  forward.reset();
  compare('whole', 0, single, await forward.verify(text));
  for (const cut of CUTS) {
    forward.reset();
    compare(`cut after ${cut}, first part`, cut - 1, single.slice(cut - 1, cut), [
      await forward.prefill(text.slice(0, cut)),
    ]);
    compare(`cut after ${cut}, second part`, cut, single.slice(cut), await forward.verify(text.slice(cut)));
  }
  for (const size of TIMED) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      await forward.verify(text.slice(0, size));
      rounds.push(performance.now() - started);
      forward.rollback(size);
    }
    // The quicker one: the other was held up by something else.
    costs.push([size, Math.min(...rounds)]);
  }
  forward.reset();
  return { fault, costs };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
