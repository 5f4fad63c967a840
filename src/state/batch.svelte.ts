import {
  countStates,
  recogniseColumns,
  rowStates,
  rowTexts,
  workload,
  type BatchSetup,
  type Mapping,
  type Role,
  type RowResult,
  type RowState,
  type Sheet,
  type StateCounts,
} from '../domain/batch.ts';
import { readSheet } from '../domain/batch-import.ts';
import {
  dropResults,
  readBatch,
  replaceBatch,
  writePlan,
  writeResult,
  type KeptBatch,
} from '../storage/batch.ts';
import type { Model } from '../domain/models.ts';
import type { Aligner } from './aligner.ts';
import { alignRow, type BatchProblem } from './batch-row.ts';
import type { Keeping } from './keeping.svelte.ts';
import type { ModelState } from './model.svelte.ts';
import type { ObjectiveChoice } from './objectives.svelte.ts';
import type { Settings } from './settings.svelte.ts';

export type { BatchProblem, RowResult, RowState };

/** Why the batch can't be started. */
export type BatchObstacle = 'noQueryColumn' | 'noAnswerColumn' | 'noObjective' | 'nothingToDo';

/** So many failures in a row mean that something other than the rows is wrong. */
const MAX_FAILURES_IN_A_ROW = 3;
const LOCK = 'metaaligner-batch';

interface Parts {
  readonly aligner: Pick<Aligner, 'align'>;
  readonly model: Pick<ModelState, 'choose' | 'cancelLoading'> & {
    readonly models: readonly Pick<Model, 'id' | 'name'>[];
    readonly chosen: Pick<Model, 'id' | 'name'>;
  };
  readonly settings: Settings;
  readonly keeping: Keeping;
  readonly choice: ObjectiveChoice;
  /** The desk's objectives, which a new batch begins with. */
  readonly desk: Pick<ObjectiveChoice, 'ticked'>;
  /** Undefined where the browser has none: then nothing stops two tabs from running the same batch. */
  readonly locks: Pick<LockManager, 'request'> | undefined;
}

/** A file of queries and answers, aligned row after row; every finished row is kept at once. */
export class Batch {
  #open = $state.raw<KeptBatch>();
  status = $state.raw<'idle' | 'running' | 'pausing' | 'stopping'>('idle');
  /** Index of the row under way. */
  current = $state.raw<number>();
  problem = $state.raw<BatchProblem>();
  /** Name of the encoding the file was read in, for files that are not in UTF-8. */
  encoding = $state.raw<string>();
  /** What the last opening, closing or starting over took away, for undoing it. */
  #replaced = $state.raw<KeptBatch>();
  /** Seconds and work (see `workload`) of the rows finished since the start. */
  #pace = $state.raw({ seconds: 0, work: 0 });

  readonly sheet: Sheet | undefined = $derived(this.#open?.sheet);
  readonly mapping: Mapping = $derived(this.#open?.mapping ?? {});
  readonly setup: BatchSetup | undefined = $derived(this.#open?.setup);
  readonly results: readonly (RowResult | undefined)[] = $derived(this.#open?.results ?? []);
  readonly fileName: string = $derived(this.#open?.fileName ?? '');
  readonly states: readonly RowState[] = $derived(
    this.sheet ? rowStates(this.sheet, this.mapping, this.results) : [],
  );
  readonly counts: StateCounts = $derived(countStates(this.states));
  readonly busy: boolean = $derived(this.status !== 'idle');
  readonly canUndo: boolean = $derived(this.#replaced !== undefined && !this.busy);
  readonly obstacle: BatchObstacle | undefined = $derived.by(() => {
    if (this.mapping.query === undefined) return 'noQueryColumn';
    if (this.mapping.answer === undefined) return 'noAnswerColumn';
    if (!this.setup && this.choice.chosen.length === 0) return 'noObjective';
    return this.counts.waiting === 0 ? 'nothingToDo' : undefined;
  });
  /** Estimate from the rows finished since the start; undefined before the first. */
  readonly secondsLeft: number | undefined = $derived.by(() => {
    if (!this.sheet || this.#pace.work === 0) return undefined;
    const waiting = [...this.states.keys()].filter((row) => this.states[row] === 'waiting');
    return (this.#pace.seconds / this.#pace.work) * workload(this.sheet, this.mapping, waiting);
  });

  readonly choice: ObjectiveChoice;
  readonly #parts: Parts;
  #abort = new AbortController();

  constructor(parts: Parts) {
    this.choice = parts.choice;
    this.#parts = parts;
  }

  async restore(): Promise<void> {
    const kept = await this.#parts.keeping.attempt(readBatch, undefined);
    if (this.#open) return;
    this.#open = kept;
    this.#beginAsOnTheDesk();
  }

  /** Opens a file in place of the one before; a file with a fault changes nothing. */
  async openFile(name: string, bytes: Uint8Array): Promise<void> {
    if (this.busy) return;
    const reading = readSheet(name, bytes);
    if (!reading.ok) {
      this.problem = { kind: 'file', file: name, problem: reading.problem };
      return;
    }
    const { sheet, encoding } = reading;
    this.encoding = encoding === 'utf-8' ? undefined : encoding;
    await this.#replace({
      // Not crypto.randomUUID, which a page opened over http does not have.
      id: `${new Date().toISOString()} ${Math.random()}`,
      fileName: name,
      sheet,
      mapping: recogniseColumns(sheet.columns),
      setup: undefined,
      results: sheet.rows.map(() => undefined),
    });
    this.#beginAsOnTheDesk();
  }

  async close(): Promise<void> {
    if (!this.busy) await this.#replace(undefined);
  }

  /** Lets go of every result, so that objectives, model and columns can be chosen anew. */
  async startOver(): Promise<void> {
    if (this.busy || !this.#open) return;
    const results = this.#open.results.map(() => undefined);
    await this.#replace({ ...this.#open, setup: undefined, results });
  }

  async undo(): Promise<void> {
    if (!this.canUndo) return;
    await this.#replace(this.#replaced);
    this.#replaced = undefined;
  }

  /** Says which column plays a role; not once rows are finished, which would then mean something else. */
  async map(role: Role, column: number | undefined): Promise<void> {
    if (this.setup || !this.#open) return;
    await this.#plan({ mapping: { ...this.mapping, [role]: column } });
  }

  /** Makes the failed rows wait again. */
  async retryFailed(): Promise<void> {
    if (this.busy || !this.#open) return;
    const failed = [...this.states.keys()].filter((row) => this.states[row] === 'failed');
    const results = this.results.map((result) => (result?.state === 'failed' ? undefined : result));
    this.#open = { ...this.#open, results };
    await this.#parts.keeping.attempt(() => dropResults(failed), undefined);
  }

  /** Aligns every waiting row, from the first on; returns when the batch is through, paused or stopped. */
  async start(): Promise<void> {
    if (this.obstacle || this.busy) return;
    this.status = 'running';
    this.problem = undefined;
    this.#replaced = undefined;
    this.#pace = { seconds: 0, work: 0 };
    this.#abort = new AbortController();
    try {
      const { locks } = this.#parts;
      if (!locks) await this.#run();
      else
        await locks.request(LOCK, { ifAvailable: true }, async (lock) => {
          if (lock) await this.#run();
          else this.problem = { kind: 'other-tab' };
        });
    } finally {
      this.status = 'idle';
      this.current = undefined;
    }
  }

  /** Ends the batch after the row under way. */
  pause(): void {
    if (this.status === 'running') this.status = 'pausing';
  }

  /** Ends the batch at once; the row under way will begin anew. */
  stop(): void {
    if (!this.busy) return;
    this.status = 'stopping';
    this.#abort.abort();
    this.#parts.model.cancelLoading();
  }

  async #run(): Promise<void> {
    await this.#catchUp();
    const setup = this.setup ?? (await this.#fixSetup());
    const { aligner, model } = this.#parts;
    if (!model.models.some(({ id }) => id === setup.model.id)) {
      this.problem = { kind: 'model-gone', name: setup.model.name };
      return;
    }
    model.choose(setup.model.id);
    let failuresInARow = 0;
    while (this.status === 'running') {
      const row = this.states.indexOf('waiting');
      if (row < 0) return;
      this.current = row;
      const started = performance.now();
      const texts = rowTexts(this.sheet?.rows[row] ?? [], this.mapping);
      const outcome = await alignRow(aligner, () => model.chosen.id, setup, texts, this.#abort.signal);
      if (!outcome.ended) {
        this.problem = outcome.problem;
        return;
      }
      const { result } = outcome;
      await this.#finish(row, result, (performance.now() - started) / 1000);
      failuresInARow = result.state === 'failed' ? failuresInARow + 1 : 0;
      if (result.state === 'failed' && failuresInARow === MAX_FAILURES_IN_A_ROW) {
        this.problem = { kind: 'failing', rows: failuresInARow, detail: result.detail };
        return;
      }
    }
  }

  #beginAsOnTheDesk(): void {
    if (this.choice.chosen.length === 0) this.choice.set(this.#parts.desk.ticked);
  }

  async #finish(row: number, result: RowResult, seconds: number): Promise<void> {
    if (!this.#open) return;
    this.#open = { ...this.#open, results: this.#open.results.with(row, result) };
    const work = workload(this.#open.sheet, this.mapping, [row]);
    this.#pace = { seconds: this.#pace.seconds + seconds, work: this.#pace.work + work };
    await this.#parts.keeping.attempt(() => writeResult(row, result), undefined);
  }

  /** From the first row on, every row is aligned the same way. */
  async #fixSetup(): Promise<BatchSetup> {
    const { model, settings } = this.#parts;
    const { id, name } = model.chosen;
    const setup: BatchSetup = {
      model: { id, name },
      family: this.choice.family.name,
      objectives: [...this.choice.sentences],
      settings: { ...settings.generation },
    };
    await this.#plan({ setup });
    return setup;
  }

  /** Another tab may have finished rows of this batch, or opened another file, since this one read it. */
  async #catchUp(): Promise<void> {
    const open = this.#open;
    if (!open) return;
    await this.#parts.keeping.attempt(async () => {
      const kept = await readBatch();
      if (kept?.id !== open.id) await replaceBatch(open);
      else
        this.#open = {
          ...open,
          setup: kept.setup ?? open.setup,
          results: open.results.map((result, row) => kept.results[row] ?? result),
        };
    }, undefined);
  }

  async #plan(changes: Partial<Pick<KeptBatch, 'mapping' | 'setup'>>): Promise<void> {
    if (!this.#open) return;
    const open = { ...this.#open, ...changes };
    this.#open = open;
    const { mapping, setup } = open;
    await this.#parts.keeping.attempt(() => writePlan({ mapping, setup }), undefined);
  }

  async #replace(batch: KeptBatch | undefined): Promise<void> {
    this.problem = undefined;
    this.#replaced = this.#open;
    this.#open = batch;
    await this.#parts.keeping.attempt(() => replaceBatch(batch), undefined);
  }
}
