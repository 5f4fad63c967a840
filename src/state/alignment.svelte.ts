import { MODEL_CARD_EXAMPLE } from '../domain/example.ts';
import type { Family, FamilyName, Objective } from '../domain/families.ts';
import type { AlignmentRecord } from '../domain/history.ts';
import { buildPrompt, type Prompt } from '../domain/prompt.ts';
import type { StreamedPiece } from '../domain/changes.ts';
import type { Shared } from '../domain/share.ts';
import { StreamedChanges } from '../domain/streamed-changes.ts';
import type { TokenBudget } from '../domain/token-budget.ts';
import type { EngineClient } from '../engine/client.ts';
import { EngineError } from '../engine/errors.ts';
import type { Figures, Generation } from '../engine/protocol.ts';
import type { Draft } from '../storage/drafts.ts';
import type { Aligner } from './aligner.ts';
import type { ModelState } from './model.svelte.ts';
import type { ObjectiveChoice } from './objectives.svelte.ts';
import type { Settings } from './settings.svelte.ts';
import { Versions, type Step } from './versions.svelte.ts';

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
  | { readonly kind: 'broken-link' }
  | { readonly kind: 'engine'; readonly error: EngineError };

/** What lay on the desk before a link was opened, to go back to. */
interface BeforeLink {
  readonly draft: Draft;
  readonly own: readonly Objective[];
  readonly order: readonly string[];
  readonly family: FamilyName | undefined;
}

/** What a person brings (query, answer, objectives), and the alignment that comes of it. */
export class Alignment {
  query = $state('');
  answer = $state('');
  readonly objectives: ObjectiveChoice;
  readonly versions = new Versions();
  run = $state.raw<Run>();
  /** Changes of the edited answer that is being written. */
  streamed = $state.raw<readonly StreamedPiece[]>();
  problem = $state.raw<Problem>();
  /** Tokens of the prompt, once a loaded model has counted them. */
  promptTokens = $state.raw<number>();

  /** While texts from a link lie here untouched: what lay here before. */
  fromLink = $state.raw<BeforeLink>();

  readonly family: Family = $derived.by(() => this.objectives.family);
  readonly prompt: Prompt = $derived.by(() =>
    buildPrompt(this.family, this.objectives.sentences, this.query, this.answer),
  );
  readonly obstacle: Obstacle | undefined = $derived.by(() => {
    if (this.query.trim() === '') return 'noQuery';
    if (this.answer.trim() === '') return 'noAnswer';
    return this.objectives.chosen.length === 0 ? 'noObjective' : undefined;
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
  readonly #onFinished: (record: AlignmentRecord) => void;
  #abort: AbortController | undefined;

  /** @param onFinished told of every alignment that left something to keep */
  constructor(
    engine: EngineClient,
    aligner: Aligner,
    model: ModelState,
    settings: Settings,
    objectives: ObjectiveChoice,
    onFinished: (record: AlignmentRecord) => void,
  ) {
    this.#engine = engine;
    this.#aligner = aligner;
    this.#model = model;
    this.#settings = settings;
    this.objectives = objectives;
    this.#onFinished = onFinished;
  }

  fillExample(): void {
    this.query = MODEL_CARD_EXAMPLE.query;
    this.answer = MODEL_CARD_EXAMPLE.answer;
    this.objectives.set(MODEL_CARD_EXAMPLE.objectiveKeys);
    this.problem = undefined;
  }

  /** What is the person's own: not a link's texts before they are taken over. */
  get draft(): Draft {
    return this.fromLink?.draft ?? { query: this.query, answer: this.answer, ticked: this.objectives.ticked };
  }

  /** Own objectives and order, without those that came with a link that has not been taken over. */
  get keptObjectives(): { own: readonly Objective[]; order: readonly string[] } {
    const { own, order } = this.fromLink ?? this.objectives.list;
    return { own, order };
  }

  restore({ query, answer, ticked }: Draft): void {
    this.query = query;
    this.answer = answer;
    this.objectives.set(ticked);
  }

  /** Puts a kept alignment back on the desk, its objectives and prompt format included. */
  reopen({ family, objectives, query, answer, editedAnswer, finishReason, figures }: AlignmentRecord): void {
    if (this.busy) return;
    this.#lay({ family, objectives, query, answer });
    this.#finish({ query, answer, objectives, text: editedAnswer, state: finishReason, figures });
  }

  /** Lays a finished run of elsewhere on the desk. */
  showRun(run: Run, family: FamilyName): void {
    if (this.busy) return;
    this.#lay({ family, ...run });
    this.#finish(run);
  }

  /** Puts an edit of this answer back as it was; 'start' is the first answer, with no edit yet. */
  reopenStep(step: Step | 'start'): void {
    const [first] = this.versions.steps;
    if (this.busy || !first) return;
    const { query, answer, objectives } = (step === 'start' ? first : step).run;
    this.#lay({ family: this.family.name, query, answer, objectives });
    this.versions.current = step === 'start' ? undefined : step;
    this.run = this.versions.current?.run;
  }

  /** Takes an edited or merged text as the answer to go on from. */
  continueWith(text: string): void {
    this.versions.continueFrom(text);
    this.answer = text;
  }

  /** Lays a link's texts on the desk; they stay as they are until `adoptLink`. */
  openLink(shared: Shared): void {
    const { list } = this.objectives;
    const before = { draft: this.draft, own: list.own, order: list.order, family: this.#settings.family };
    this.#lay(shared);
    this.fromLink = before;
    this.run = undefined;
    this.versions.clear();
  }

  adoptLink(): void {
    this.fromLink = undefined;
  }

  /** Puts back what lay on the desk before the link was opened. */
  leaveLink(): void {
    if (!this.fromLink) return;
    const { draft, own, order, family } = this.fromLink;
    this.fromLink = undefined;
    this.objectives.list.own = own;
    this.objectives.list.order = order;
    this.#settings.family = family;
    this.restore(draft);
  }

  #lay({ family, objectives, query, answer }: Shared): void {
    this.fromLink = undefined;
    if (family !== this.family.name) this.#settings.family = family;
    this.objectives.setSentences(objectives);
    this.query = query;
    this.answer = answer;
    this.problem = undefined;
  }

  clear(): void {
    this.query = '';
    this.answer = '';
    this.problem = undefined;
    this.fromLink = undefined;
    if (this.busy) return;
    this.run = undefined;
    this.versions.clear();
  }

  async align(): Promise<void> {
    if (this.obstacle || this.busy) return;
    this.adoptLink();
    const previous = this.run;
    const abort = new AbortController();
    this.#abort = abort;
    this.problem = undefined;
    const { prompt, query, answer } = this;
    const start: Run = {
      query,
      answer,
      objectives: this.objectives.sentences,
      text: '',
      state: 'running',
    };
    const { id, name } = this.#model.chosen;
    const { temperature, maxNewTokens } = this.#settings;
    const kept = {
      query,
      answer,
      objectives: [...start.objectives],
      model: { id, name },
      family: this.family.name,
      settings: { temperature, maxNewTokens },
    };
    this.run = start;
    const changes = new StreamedChanges(answer);
    this.streamed = changes.update('');
    try {
      const outcome = await this.#aligner.align(
        prompt,
        this.#settings.generation,
        (sofar) => {
          if (this.run) this.run = { ...this.run, text: sofar };
          this.streamed = changes.update(sofar);
        },
        abort.signal,
      );
      if (outcome.kind === 'finished') {
        const { text, finishReason, figures } = outcome.generation;
        this.#finish({ ...start, text, state: finishReason, figures });
        if (text !== '')
          this.#onFinished({
            ...kept,
            id: crypto.randomUUID(),
            at: new Date().toISOString(),
            editedAnswer: text,
            finishReason,
            figures,
          });
      } else {
        this.run = previous;
        if (outcome.kind === 'too-long') this.problem = outcome;
      }
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.problem = { kind: 'engine', error };
      this.#finish({ ...start, text: this.run?.text ?? '', state: 'failed' });
    } finally {
      this.streamed = undefined;
    }
  }

  #finish(run: Run): void {
    this.run = run;
    if (run.text === '') this.versions.current = undefined;
    else this.versions.add(run);
  }

  /** Ends the run early; what came so far stays. While the model still comes, gives up waiting for it. */
  stop(): void {
    if (!this.busy || !this.run) return;
    this.run = { ...this.run, state: 'stopping' };
    this.#abort?.abort();
    this.#model.cancelLoading();
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
