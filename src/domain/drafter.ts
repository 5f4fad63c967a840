import type { StepCosts } from './step-costs.ts';

/** Longest run of tokens that is looked up, and with it the number of grades of trust in a guess. */
const LONGEST_MATCH = 3;
/** Most tokens guessed at once: beyond that, even right guesses gain little and the step's memory grows. */
export const MAX_DRAFT = 16;
/** Token ids stay below this, so that three of them pack into one exact number (3 × 17 bits < 53). */
const ID_LIMIT = 2 ** 17;
/** How fast old experience with guesses fades. */
const FADING = 0.92;

/** Where a guess comes from: the place in the sequence that goes on with it, and how many tokens before it match. */
interface Source {
  readonly position: number;
  readonly matched: number;
  readonly inAnswer: boolean;
}

/**
 * Guesses the tokens that come next in an edited answer. An edit repeats stretches of the answer it came from, so the
 * guess is whatever followed the last few tokens where they stood before: first where copying left off, then elsewhere
 * in the answer (at or after the place that was copied last), then in the rest of the prompt and in the reply itself.
 * The longest match wins. Every lookup is a constant number of map reads, and an appended token adds a constant number.
 *
 * How many tokens to guess follows from how often guesses of the same grade came true lately and from what a step over
 * that many tokens costs; where guessing does not pay, the answer is none.
 */
export class Drafter {
  readonly #ids: number[];
  readonly #answerEnd: number;
  readonly #endId: number;
  /** For each length of match: packed ids → positions in the answer that follow them, rising. */
  readonly #answerIndex: Map<number, number[]>[] = [];
  /** For each length of match: packed ids → the latest position elsewhere that follows them. */
  readonly #restIndex: Map<number, number>[] = [];
  /** Next position of the answer if copying goes on, and for how many tokens it has been going. */
  #cursor: Source | undefined;
  /** Where copying was last known to be well under way. */
  #anchor: number;
  /** For each grade, faded counts of guessed tokens that came true and that did not; the start values are a prior. */
  readonly #experience = [
    { right: 0.5, wrong: 0.5 },
    { right: 0.8, wrong: 0.4 },
    { right: 1.7, wrong: 0.3 },
  ];
  /** The guess that the next appended tokens are compared with. */
  #pending: { readonly ids: readonly number[]; readonly grade: number; checked: number } | undefined;

  /**
   * @param promptIds ids of the whole prompt, BOS included
   * @param answer where the answer lies in them: [start, end)
   * @param endId id that ends a reply: the guess for what follows the answer's last token
   */
  constructor(promptIds: readonly number[], answer: readonly [number, number], endId: number) {
    const [start, end] = answer;
    this.#ids = [];
    this.#answerEnd = end;
    this.#endId = endId;
    this.#anchor = start;
    for (let length = 0; length < LONGEST_MATCH; length++) {
      this.#answerIndex.push(new Map());
      this.#restIndex.push(new Map());
    }
    for (const id of promptIds) {
      const inAnswer = this.#ids.length > start && this.#ids.length <= end;
      this.#index(inAnswer ? start : 0, inAnswer);
      this.#ids.push(id);
    }
    // The reply most likely begins as the answer does.
    if (end > start) this.#cursor = { position: start, matched: 1, inAnswer: true };
  }

  /** Takes the next token of the reply, guessed or not. */
  append(id: number): void {
    this.#learn(id);
    this.#index(0, false);
    this.#ids.push(id);
    const cursor = this.#cursor;
    if (cursor && cursor.position < this.#answerEnd && this.#ids[cursor.position] === id) {
      this.#cursor = { position: cursor.position + 1, matched: cursor.matched + 1, inAnswer: true };
      if (cursor.matched >= LONGEST_MATCH) this.#anchor = cursor.position + 1;
    } else {
      this.#cursor = this.#findInAnswer();
    }
  }

  /**
   * The tokens to check in the next step, best first; empty where guessing does not pay.
   * @param limit most tokens that the context, the reply's limit and the step's size leave room for
   */
  propose(costs: StepCosts, limit: number): number[] {
    const source = this.#source();
    if (!source) {
      this.#pending = undefined;
      return [];
    }
    const grade = Math.min(source.matched, LONGEST_MATCH) - 1;
    const ids = this.#continuation(source);
    this.#pending = { ids, grade, checked: 0 };
    return ids.slice(0, this.#bestLength(costs, grade, Math.min(limit, ids.length)));
  }

  /** Copying that goes on, unless something elsewhere matches more of the last tokens. */
  #source(): Source | undefined {
    const cursor = this.#cursor;
    for (let length = LONGEST_MATCH; length >= 1; length--) {
      if (cursor && cursor.matched >= length) return cursor;
      const key = this.#keyBefore(this.#ids.length, length, 0);
      const position = key === undefined ? undefined : this.#restIndex[length - 1]?.get(key);
      if (position !== undefined) return { position, matched: length, inAnswer: false };
    }
    return undefined;
  }

  #findInAnswer(): Source | undefined {
    for (let length = LONGEST_MATCH; length >= 1; length--) {
      const key = this.#keyBefore(this.#ids.length, length, 0);
      const positions = key === undefined ? undefined : this.#answerIndex[length - 1]?.get(key);
      const position = positions && (firstAtOrAfter(positions, this.#anchor) ?? positions.at(-1));
      if (position !== undefined) return { position, matched: length, inAnswer: true };
    }
    return undefined;
  }

  #continuation({ position, inAnswer }: Source): number[] {
    if (!inAnswer) {
      const ids = this.#ids.slice(position, position + MAX_DRAFT);
      // A stretch that ends where the reply now stands repeats itself.
      const period = ids.length;
      while (ids.length < MAX_DRAFT) ids.push(ids[ids.length - period] ?? 0);
      return ids;
    }
    const ids = this.#ids.slice(position, Math.min(position + MAX_DRAFT, this.#answerEnd));
    if (ids.length < MAX_DRAFT) ids.push(this.#endId);
    return ids;
  }

  /** The number of guesses that gives the most tokens for the time; 0 when a plain step does. */
  #bestLength(costs: StepCosts, grade: number, most: number): number {
    const { right = 1, wrong = 1 } = this.#experience[grade] ?? {};
    const chance = right / (right + wrong);
    let best = 0;
    let bestRate = 1 / costs.at(1);
    let expected = 1;
    let allRight = 1;
    for (let length = 1; length <= most; length++) {
      allRight *= chance;
      expected += allRight;
      const rate = expected / costs.at(length + 1);
      if (rate > bestRate) {
        best = length;
        bestRate = rate;
      }
    }
    return best;
  }

  /** Compares a token with what was guessed for it, whether the guess was used or not. */
  #learn(id: number): void {
    const pending = this.#pending;
    if (!pending) return;
    const experience = this.#experience[pending.grade];
    if (experience && pending.checked < pending.ids.length) {
      const cameTrue = pending.ids[pending.checked] === id;
      experience.right = experience.right * FADING + (cameTrue ? 1 : 0);
      experience.wrong = experience.wrong * FADING + (cameTrue ? 0 : 1);
      pending.checked++;
      if (cameTrue) return;
    }
    this.#pending = undefined;
  }

  /** Notes the position that the next token will take under the tokens before it. */
  #index(earliest: number, inAnswer: boolean): void {
    const position = this.#ids.length;
    for (let length = 1; length <= LONGEST_MATCH; length++) {
      const key = this.#keyBefore(position, length, earliest);
      if (key === undefined) return;
      if (inAnswer) {
        const positions = this.#answerIndex[length - 1]?.get(key);
        if (positions) positions.push(position);
        else this.#answerIndex[length - 1]?.set(key, [position]);
      } else this.#restIndex[length - 1]?.set(key, position);
    }
  }

  /** The `length` ids before a position as one number; undefined when they would start before `earliest`. */
  #keyBefore(position: number, length: number, earliest: number): number | undefined {
    if (position - length < earliest) return undefined;
    let key = 0;
    for (let index = position - length; index < position; index++)
      key = key * ID_LIMIT + (this.#ids[index] ?? 0);
    return key;
  }
}

/** First of some rising numbers that is not below a limit. */
function firstAtOrAfter(rising: readonly number[], limit: number): number | undefined {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rising[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return rising[low];
}
