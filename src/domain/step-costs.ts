/**
 * What one forward step over n tokens costs on this device, in milliseconds: measured when a model is loaded and kept
 * up to date by every step since, because a device's speed drifts with heat and load.
 */
export class StepCosts {
  /** Weight of a new observation against the running mean. */
  static readonly #NEWEST = 0.2;
  /** [tokens, milliseconds], by rising number of tokens. */
  readonly #points: [number, number][];

  /** @param measured pairs of (tokens in the step, milliseconds), one of them for a single token */
  constructor(measured: readonly (readonly [number, number])[]) {
    this.#points = measured.map(([tokens, ms]): [number, number] => [tokens, ms]).sort(([a], [b]) => a - b);
    if (this.#points.length === 0) throw new Error('The cost of a step is unknown: nothing was measured.');
  }

  /** Expected milliseconds of a step over so many tokens: interpolated, beyond the measured ends extrapolated. */
  at(tokens: number): number {
    const points = this.#points;
    const above = points.findIndex(([measured]) => measured >= tokens);
    const right = points[Math.max(1, above === -1 ? points.length - 1 : above)] ?? points[0];
    const left = points[Math.max(0, (above === -1 ? points.length - 1 : above) - 1)] ?? right;
    if (!left || !right) return 0;
    const [leftTokens, leftMs] = left;
    const [rightTokens, rightMs] = right;
    if (rightTokens === leftTokens) return leftMs;
    const slope = Math.max(0, (rightMs - leftMs) / (rightTokens - leftTokens));
    return Math.max(Number.EPSILON, leftMs + (tokens - leftTokens) * slope);
  }

  /** Takes a step that just ran into account: it moves the measured points beside it. */
  observe(tokens: number, ms: number): void {
    const exact = this.#points.find(([measured]) => measured === tokens);
    if (exact) {
      exact[1] += (ms - exact[1]) * StepCosts.#NEWEST;
      return;
    }
    const error = (ms - this.at(tokens)) * StepCosts.#NEWEST;
    const above = this.#points.findIndex(([measured]) => measured > tokens);
    const neighbours =
      above === -1 ? this.#points.slice(-1) : this.#points.slice(Math.max(0, above - 1), above + 1);
    for (const point of neighbours) {
      // A single-token step runs another kernel, so steps over several tokens say nothing about it.
      if (point[0] > 1) point[1] = Math.max(Number.EPSILON, point[1] + error);
    }
  }

  /** The present estimates, to be kept for the next load. */
  measured(): [number, number][] {
    return this.#points.map(([tokens, ms]) => [tokens, ms]);
  }
}
