import type { Prompt } from '../domain/prompt.ts';
import { tokenBudget, type TokenBudget } from '../domain/token-budget.ts';
import type { EngineClient } from '../engine/client.ts';
import type { Generation, GenerationSettings } from '../engine/protocol.ts';
import type { ModelState } from './model.svelte.ts';

export type Outcome =
  | { readonly kind: 'finished'; readonly generation: Generation }
  | { readonly kind: 'too-long'; readonly budget: TokenBudget }
  /** The model did not load (its state says why), or the signal was aborted before anything was written. */
  | { readonly kind: 'not-started' };

/** Takes a prompt through the model: loading, token budget, generation. One at a time; others wait their turn. */
export class Aligner {
  readonly #engine: Pick<EngineClient, 'tokenize' | 'generate'>;
  readonly #model: Pick<ModelState, 'ensureReady' | 'choose' | 'contextWindow'>;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    engine: Pick<EngineClient, 'tokenize' | 'generate'>,
    model: Pick<ModelState, 'ensureReady' | 'choose' | 'contextWindow'>,
  ) {
    this.#engine = engine;
    this.#model = model;
  }

  /**
   * @param onText called with the whole reply so far
   * @param modelId model to use, chosen when the turn has come; without it, the one that is chosen then
   * @throws EngineError
   */
  align(
    prompt: Prompt,
    settings: GenerationSettings,
    onText: (text: string) => void,
    signal: AbortSignal,
    modelId?: string,
  ): Promise<Outcome> {
    let begun = false;
    const outcome = this.#turn.then(() => {
      begun = true;
      return this.#align(prompt, settings, onText, signal, modelId);
    });
    // Whoever comes next waits for this one to end, however it ends.
    this.#turn = outcome.catch(() => undefined);
    let giveUp: (() => void) | undefined;
    const givenUp = new Promise<Outcome>((resolve) => {
      giveUp = () => {
        if (!begun) resolve({ kind: 'not-started' });
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
    return Promise.race([outcome, givenUp]).finally(() => {
      // A batch hands the same signal to every row.
      if (giveUp) signal.removeEventListener('abort', giveUp);
    });
  }

  async #align(
    prompt: Prompt,
    settings: GenerationSettings,
    onText: (text: string) => void,
    signal: AbortSignal,
    modelId?: string,
  ): Promise<Outcome> {
    const cancelled = (): boolean => signal.aborted;
    if (modelId !== undefined && !cancelled()) this.#model.choose(modelId);
    if (cancelled() || !(await this.#model.ensureReady()) || cancelled()) return { kind: 'not-started' };
    const tokens = await this.#engine.tokenize(prompt.text);
    const budget = tokenBudget(tokens.length, this.#model.contextWindow, settings.maxNewTokens);
    if (budget.excess > 0) return { kind: 'too-long', budget };
    const generation = await this.#engine.generate(prompt, settings, onText, signal);
    return { kind: 'finished', generation };
  }
}
