import {
  HISTORY_LIMIT,
  historyFile,
  mergeHistory,
  readHistoryFile,
  searchHistory,
  type AlignmentRecord,
  type HistoryFileProblem,
} from '../domain/history.ts';
import { forgetAlignments, keepAlignments, readHistory } from '../storage/history.ts';
import type { Keeping } from './keeping.svelte.ts';
import type { Settings } from './settings.svelte.ts';

export type { AlignmentRecord, HistoryFileProblem };

/** Finished alignments, newest first: kept in this browser, searched, let go, exported and imported. */
export class History {
  records = $state.raw<readonly AlignmentRecord[]>([]);
  search = $state('');
  /** What the last deletion took, for undoing it. */
  removed = $state.raw<readonly AlignmentRecord[]>([]);
  readonly found: readonly AlignmentRecord[] = $derived(searchHistory(this.records, this.search));

  readonly #keeping: Keeping;
  readonly #settings: Settings;

  constructor(keeping: Keeping, settings: Settings) {
    this.#keeping = keeping;
    this.#settings = settings;
  }

  async restore(): Promise<void> {
    this.records = mergeHistory(await this.#keeping.attempt(readHistory, []), this.records);
  }

  /** Keeps a finished alignment, unless the person switched that off. */
  async add(record: AlignmentRecord): Promise<void> {
    if (this.#settings.keepHistory) await this.#merge([record]);
  }

  async remove(ids: readonly string[]): Promise<void> {
    const gone = new Set(ids);
    this.removed = this.records.filter(({ id }) => gone.has(id));
    this.records = this.records.filter(({ id }) => !gone.has(id));
    await this.#keeping.attempt(() => forgetAlignments(ids), undefined);
  }

  async undo(): Promise<void> {
    const { removed } = this;
    this.removed = [];
    await this.#merge(removed);
  }

  exported(): string {
    return historyFile(this.records);
  }

  /** @returns how many alignments came in that were not here, or what is wrong with the file */
  async import(text: string): Promise<{ readonly added: number } | { readonly problem: HistoryFileProblem }> {
    const reading = readHistoryFile(text);
    if (!reading.ok) return { problem: reading.problem };
    const before = new Set(this.records.map(({ id }) => id));
    await this.#merge(reading.records);
    return { added: this.records.filter(({ id }) => !before.has(id)).length };
  }

  async #merge(added: readonly AlignmentRecord[]): Promise<void> {
    const before = this.records;
    this.records = mergeHistory(before, added, HISTORY_LIMIT);
    const here = new Set(this.records.map(({ id }) => id));
    await this.#keeping.attempt(async () => {
      await keepAlignments(added.filter(({ id }) => here.has(id)));
      await forgetAlignments(before.map(({ id }) => id).filter((id) => !here.has(id)));
    }, undefined);
  }
}
