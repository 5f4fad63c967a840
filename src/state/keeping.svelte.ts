import { StorageError } from '../storage/errors.ts';

/** Reads and writes what the browser keeps; where it refuses, says so once and lets the page go on in memory. */
export class Keeping {
  /** Why the browser keeps nothing at the moment; told once for each reason. */
  problem = $state.raw<StorageError>();
  readonly #told = new Set<StorageError['reason']>();

  /** @returns what the work returned, or `otherwise` when the browser refused it */
  async attempt<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (!this.#told.has(error.reason)) this.problem = error;
      this.#told.add(error.reason);
      return otherwise;
    }
  }

  dismiss(): void {
    this.problem = undefined;
  }
}
