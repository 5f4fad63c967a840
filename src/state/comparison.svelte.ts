import type { Piece, StreamedPiece } from '../domain/changes.ts';
import { changesBetween, extentOf, type Extent } from '../domain/changes.ts';
import { FAMILIES, type Family } from '../domain/families.ts';
import type { AlignmentRecord } from '../domain/history.ts';
import type { Model } from '../domain/models.ts';
import { buildPrompt } from '../domain/prompt.ts';
import { StreamedChanges } from '../domain/streamed-changes.ts';
import { EngineError } from '../engine/errors.ts';
import type { Aligner } from './aligner.ts';
import type { Alignment, Run } from './alignment.svelte.ts';
import type { ModelState } from './model.svelte.ts';
import { ObjectiveChoice, type ObjectiveList } from './objectives.svelte.ts';
import type { Settings } from './settings.svelte.ts';

/** More columns than this can't be read beside each other. */
const MAX_COLUMNS = 6;

export type ColumnState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running'; readonly pieces: readonly StreamedPiece[] }
  | {
      readonly kind: 'finished';
      readonly run: Run;
      readonly pieces: readonly Piece[];
      readonly extent: Extent;
    }
  | { readonly kind: 'too-long' }
  /** The model did not load, or the engine failed; the words for it are the page's. */
  | { readonly kind: 'failed'; readonly error: EngineError | undefined };

/** One set of objectives, on one model. */
export class Column {
  readonly key: number;
  /** Undefined means the model that is chosen on the desk. */
  modelId = $state<string>();
  state = $state.raw<ColumnState>({ kind: 'empty' });
  readonly choice: ObjectiveChoice;

  constructor(key: number, list: ObjectiveList, family: (modelId: string | undefined) => Family) {
    this.key = key;
    this.choice = new ObjectiveChoice(list, () => family(this.modelId));
  }

  get family(): Family {
    return this.choice.family;
  }
}

/** What a column is to do, as it was when the comparison began. */
interface Task {
  readonly column: Column;
  readonly model: Model;
  readonly family: Family;
  readonly objectives: readonly string[];
  readonly query: string;
  readonly answer: string;
}

/** The desk's query and answer under several sets of objectives or models, one after the other. */
export class Comparison {
  columns = $state.raw<readonly Column[]>([]);
  /** Position of the column that is being written, from 0. */
  at = $state.raw<number>();
  stopping = $state(false);
  readonly busy: boolean = $derived(this.at !== undefined);
  /** Position of the first column without objectives, if there is one. */
  readonly unfilled: number | undefined = $derived.by(() => {
    const position = this.columns.findIndex(({ choice }) => choice.chosen.length === 0);
    return position < 0 ? undefined : position;
  });
  readonly full: boolean = $derived(this.columns.length >= MAX_COLUMNS);
  readonly #aligner: Aligner;
  readonly #alignment: Alignment;
  readonly #model: ModelState;
  readonly #settings: Settings;
  readonly #onFinished: (record: AlignmentRecord) => void;
  #abort: AbortController | undefined;
  #lastKey = 0;

  /** @param onFinished told of every column that left something to keep */
  constructor(
    aligner: Aligner,
    alignment: Alignment,
    model: ModelState,
    settings: Settings,
    onFinished: (record: AlignmentRecord) => void,
  ) {
    this.#aligner = aligner;
    this.#alignment = alignment;
    this.#model = model;
    this.#settings = settings;
    this.#onFinished = onFinished;
  }

  get models(): readonly Model[] {
    return this.#model.models;
  }

  /** Lays out two columns when there is none; an empty first one begins with the desk's objectives. */
  open(): void {
    if (this.columns.length === 0) {
      this.add();
      this.add();
    }
    const [first] = this.columns;
    if (first?.state.kind === 'empty' && first.choice.ticked.length === 0)
      first.choice.set(this.#alignment.objectives.ticked);
  }

  add(ticked: readonly string[] = []): void {
    if (this.full) return;
    const { list } = this.#alignment.objectives;
    const column = new Column(++this.#lastKey, list, (id) => this.#familyOf(this.#modelOf(id)));
    column.choice.set(ticked);
    this.columns = [...this.columns, column];
  }

  remove(column: Column): void {
    this.columns = this.columns.filter((other) => other !== column);
  }

  async run(): Promise<void> {
    const { query, answer } = this.#alignment;
    if (this.busy || this.unfilled !== undefined || this.columns.length === 0) return;
    const before = this.#model.chosen.id;
    const abort = new AbortController();
    this.#abort = abort;
    const { columns } = this;
    // A column chooses its model when its turn comes, so what depends on the chosen one is settled before.
    const tasks = columns.map((column): Task => {
      const model = this.#modelOf(column.modelId);
      const family = this.#familyOf(model);
      return { column, model, family, objectives: column.choice.sentences, query, answer };
    });
    for (const column of columns) column.state = { kind: 'waiting' };
    try {
      for (const [position, task] of tasks.entries()) {
        if (abort.signal.aborted) break;
        this.at = position;
        task.column.state = await this.#runTask(task, abort.signal);
      }
    } finally {
      for (const column of columns) if (column.state.kind === 'waiting') column.state = { kind: 'empty' };
      this.at = undefined;
      this.stopping = false;
      this.#model.choose(before);
    }
  }

  /** Ends the column that is being written, with what came so far, and leaves the others out. */
  stop(): void {
    if (!this.busy) return;
    this.stopping = true;
    this.#abort?.abort();
    if (this.#model.status.kind === 'loading' || this.#model.status.kind === 'downloading')
      this.#model.cancelLoading();
  }

  async #runTask(
    { column, model, family, objectives, query, answer }: Task,
    signal: AbortSignal,
  ): Promise<ColumnState> {
    const changes = new StreamedChanges(answer);
    const { generation } = this.#settings;
    try {
      const outcome = await this.#aligner.align(
        buildPrompt(family, objectives, query, answer),
        generation,
        (text) => (column.state = { kind: 'running', pieces: changes.update(text) }),
        signal,
        model.id,
      );
      if (outcome.kind === 'too-long') return { kind: 'too-long' };
      if (outcome.kind === 'not-started')
        return signal.aborted ? { kind: 'empty' } : { kind: 'failed', error: undefined };
      const { text, finishReason, figures } = outcome.generation;
      const pieces = changesBetween(answer, text);
      if (text !== '')
        this.#onFinished({
          id: crypto.randomUUID(),
          at: new Date().toISOString(),
          model: { id: model.id, name: model.name },
          family: family.name,
          objectives: [...objectives],
          query,
          answer,
          editedAnswer: text,
          finishReason,
          settings: generation,
          figures,
        });
      const run: Run = { query, answer, objectives, text, state: finishReason, figures };
      return { kind: 'finished', run, pieces, extent: extentOf(pieces) };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return { kind: 'failed', error };
    }
  }

  #familyOf(model: Model): Family {
    return FAMILIES[this.#settings.family ?? model.family];
  }

  #modelOf(modelId: string | undefined): Model {
    return this.models.find(({ id }) => id === modelId) ?? this.#model.chosen;
  }
}
