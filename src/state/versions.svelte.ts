import type { Run } from './alignment.svelte.ts';
import { Review } from './review.svelte.ts';

/** One finished edit, and what the person made of its changes. */
export interface Step {
  /** 1, 2, 3 … in the order in which they were made. */
  readonly position: number;
  /** Position of the edit whose text this one started from; 0 for the first answer. */
  readonly from: number;
  readonly run: Run;
  readonly review: Review;
}

/** The edits that grew out of one answer: edited again, or edited otherwise. Another answer starts another list. */
export class Versions {
  steps = $state.raw<readonly Step[]>([]);
  current = $state.raw<Step>();

  /** The text that the person went on from, and the edit it came of. */
  #continued: { readonly text: string; readonly position: number } | undefined;

  /** Notes that the next edit starts from this text of the current one. */
  continueFrom(text: string): void {
    if (this.current) this.#continued = { text, position: this.current.position };
  }

  add(run: Run): void {
    const same = this.steps.filter(({ run: { query } }) => query === run.query);
    const parent = same.findLast(
      ({ run: { text }, position }) =>
        text === run.answer ||
        (this.#continued?.text === run.answer && this.#continued.position === position),
    );
    const sibling = same.find(({ run: { answer } }) => answer === run.answer);
    if (!parent && !sibling) this.steps = [];
    const step: Step = {
      position: this.steps.length + 1,
      from: parent?.position ?? sibling?.from ?? 0,
      run,
      review: new Review(run.answer, run.text),
    };
    this.steps = [...this.steps, step];
    this.current = step;
  }

  clear(): void {
    this.steps = [];
    this.current = undefined;
    this.#continued = undefined;
  }
}
