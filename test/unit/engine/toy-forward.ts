import type { Forward } from '../../../src/engine/pipeline.ts';

/**
 * A language model of a few lines: the likeliest next id follows from the last few ids alone. It keeps a cache and
 * answers step by step as the real one does, so the loops around it can be tried on any sequence in microseconds.
 */
export class ToyForward implements Forward {
  readonly contextWindow: number;
  readonly chunkSize: number;
  readonly #next: (ids: readonly number[]) => number;
  #cache: number[] = [];
  /** Steps so far, by the number of ids in them. */
  readonly steps: number[] = [];

  constructor(next: (ids: readonly number[]) => number, contextWindow = 512, chunkSize = 64) {
    this.#next = next;
    this.contextWindow = contextWindow;
    this.chunkSize = chunkSize;
  }

  get length(): number {
    return this.#cache.length;
  }

  reset(): void {
    this.#cache = [];
  }

  async prefill(ids: readonly number[]): Promise<number> {
    return (await this.#read(ids)).at(-1) ?? -1;
  }

  async decode(id: number): Promise<number> {
    return (await this.#read([id])).at(-1) ?? -1;
  }

  verify(ids: readonly number[]): Promise<number[]> {
    if (ids.length > this.chunkSize)
      throw new Error(`A step takes ${this.chunkSize} ids, not ${ids.length}.`);
    return this.#read(ids);
  }

  rollback(count: number): void {
    if (count > this.#cache.length) throw new Error('There is not that much to take back.');
    this.#cache.length -= count;
  }

  #read(ids: readonly number[]): Promise<number[]> {
    this.steps.push(ids.length);
    const rows = ids.map((id) => {
      this.#cache.push(id);
      if (this.#cache.length > this.contextWindow) throw new Error('The cache is full.');
      return this.#next(this.#cache);
    });
    return Promise.resolve(rows);
  }
}

/** Plain greedy decoding with WebLLM's end conditions: what every faster way must reproduce. */
export async function greedy(
  forward: Forward,
  promptIds: readonly number[],
  stopIds: readonly number[],
  maxNewTokens: number,
): Promise<{ tokenIds: number[]; finishReason: 'stop' | 'length' }> {
  forward.reset();
  const tokenIds: number[] = [];
  let next = await forward.prefill(promptIds);
  for (;;) {
    if (stopIds.includes(next)) return { tokenIds, finishReason: 'stop' };
    tokenIds.push(next);
    if (tokenIds.length >= maxNewTokens || forward.length >= forward.contextWindow)
      return { tokenIds, finishReason: 'length' };
    next = await forward.decode(next);
  }
}
