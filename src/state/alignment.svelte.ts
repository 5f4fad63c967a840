import { MODEL_CARD_EXAMPLE } from '../domain/example.ts';
import { FAMILIES, objectiveName, type Family, type Objective } from '../domain/families.ts';
import { buildPrompt, type Prompt } from '../domain/prompt.ts';
import type { TokenBudget } from '../domain/token-budget.ts';
import type { EngineClient } from '../engine/client.ts';
import { EngineError } from '../engine/errors.ts';
import type { Figures, Generation } from '../engine/protocol.ts';
import type { Aligner } from './aligner.ts';
import type { ModelState } from './model.svelte.ts';
import type { Settings } from './settings.svelte.ts';

export type { Figures };

/** Why Align can't be pressed. */
export type Obstacle = 'noQuery' | 'noAnswer' | 'noObjective';

/** One alignment, from the press of the button on. */
export interface Run {
  readonly query: string;
  readonly answer: string;
  /** Sentences of the objectives, in the prompt's order. */
  readonly objectives: readonly string[];
  readonly text: string;
  readonly state: 'running' | 'stopping' | Generation['finishReason'] | 'failed';
  readonly figures?: Figures;
}

export type Problem =
  | { readonly kind: 'too-long'; readonly budget: TokenBudget }
  | { readonly kind: 'engine'; readonly error: EngineError };

/** What a person brings (query, answer, objectives), and the alignment that comes of it. */
export class Alignment {
  query = $state('');
  answer = $state('');
  /** Keys of the ticked objectives, of every family: switching families keeps them. */
  #ticked = $state.raw<readonly string[]>([]);
  own = $state.raw<readonly Objective[]>([]);
  run = $state.raw<Run>();
  problem = $state.raw<Problem>();
  /** Tokens of the prompt, once a loaded model has counted them. */
  promptTokens = $state.raw<number>();

  readonly family: Family = $derived.by(() => FAMILIES[this.#settings.family ?? this.#model.chosen.family]);
  readonly offered: readonly Objective[] = $derived([...this.family.objectives, ...this.own]);
  readonly chosen: readonly Objective[] = $derived(
    this.offered.filter(({ key }) => this.#ticked.includes(key)),
  );
  readonly prompt: Prompt = $derived(
    buildPrompt(
      this.family,
      this.chosen.map(({ text }) => text),
      this.query,
      this.answer,
    ),
  );
  readonly obstacle: Obstacle | undefined = $derived.by(() => {
    if (this.query.trim() === '') return 'noQuery';
    if (this.answer.trim() === '') return 'noAnswer';
    return this.chosen.length === 0 ? 'noObjective' : undefined;
  });
  readonly busy: boolean = $derived(this.run?.state === 'running' || this.run?.state === 'stopping');
  /** Whether query and answer are the model card's, so that its published response is worth showing. */
  readonly showsExample: boolean = $derived(
    this.query === MODEL_CARD_EXAMPLE.query && this.answer === MODEL_CARD_EXAMPLE.answer,
  );

  readonly #engine: EngineClient;
  readonly #aligner: Aligner;
  readonly #model: ModelState;
  readonly #settings: Settings;
  #abort: AbortController | undefined;
  #lastOwn = 0;

  constructor(engine: EngineClient, aligner: Aligner, model: ModelState, settings: Settings) {
    this.#engine = engine;
    this.#aligner = aligner;
    this.#model = model;
    this.#settings = settings;
  }

  isTicked(key: string): boolean {
    return this.#ticked.includes(key);
  }

  tick(key: string, on: boolean): void {
    const others = this.#ticked.filter((other) => other !== key);
    this.#ticked = on ? [...others, key] : others;
  }

  /**
   * Adds a sentence of the person's own and ticks it.
   * @returns false when an offered objective already says this or bears its name
   */
  addOwn(sentence: string): boolean {
    const text = sentence.trim().replace(/\s+/g, ' ');
    const name = objectiveName({ text });
    if (text === '' || this.offered.some((objective) => objectiveName(objective) === name)) return false;
    const objective: Objective = { key: `own-${++this.#lastOwn}`, text };
    this.own = [...this.own, objective];
    this.tick(objective.key, true);
    return true;
  }

  removeOwn(key: string): void {
    this.own = this.own.filter((objective) => objective.key !== key);
    this.tick(key, false);
  }

  fillExample(): void {
    this.query = MODEL_CARD_EXAMPLE.query;
    this.answer = MODEL_CARD_EXAMPLE.answer;
    this.#ticked = MODEL_CARD_EXAMPLE.objectiveKeys;
  }

  clear(): void {
    this.query = '';
    this.answer = '';
    this.problem = undefined;
    if (!this.busy) this.run = undefined;
  }

  async align(): Promise<void> {
    if (this.obstacle || this.busy) return;
    const previous = this.run;
    const abort = new AbortController();
    this.#abort = abort;
    this.problem = undefined;
    const { prompt, query, answer } = this;
    const start: Run = {
      query,
      answer,
      objectives: this.chosen.map(({ text }) => text),
      text: '',
      state: 'running',
    };
    this.run = start;
    try {
      const { maxNewTokens, temperature } = this.#settings;
      const outcome = await this.#aligner.align(
        prompt,
        { maxNewTokens, temperature },
        (sofar) => {
          if (this.run) this.run = { ...this.run, text: sofar };
        },
        abort.signal,
      );
      if (outcome.kind === 'finished') {
        const { text, finishReason, figures } = outcome.generation;
        this.run = { ...start, text, state: finishReason, figures };
      } else {
        this.run = previous;
        if (outcome.kind === 'too-long') this.problem = outcome;
      }
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.problem = { kind: 'engine', error };
      this.run = { ...start, text: this.run?.text ?? '', state: 'failed' };
    }
  }

  /** Ends the run early; what came so far stays. While the model still loads, gives up waiting for it. */
  stop(): void {
    if (!this.busy || !this.run) return;
    this.run = { ...this.run, state: 'stopping' };
    this.#abort?.abort();
    if (this.#model.status.kind === 'loading') this.#model.cancelLoading();
  }

  /** Counts the prompt's tokens when a model is there to count them. */
  async countPrompt(): Promise<void> {
    if (this.#model.status.kind !== 'ready') {
      this.promptTokens = undefined;
      return;
    }
    const { text } = this.prompt;
    const tokens = await this.#engine.tokenize(text);
    if (text === this.prompt.text) this.promptTokens = tokens.length;
  }
}
