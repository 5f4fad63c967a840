import { readDraft, writeDraft } from '../storage/drafts.ts';
import { readObjectives, writeObjectives } from '../storage/objectives.ts';
import { readSettings, writeSettings } from '../storage/settings.ts';
import type { Alignment } from './alignment.svelte.ts';
import type { Keeping } from './keeping.svelte.ts';
import type { ModelState } from './model.svelte.ts';
import type { ObjectiveList } from './objectives.svelte.ts';
import type { Settings } from './settings.svelte.ts';

/** Typing writes at its pauses rather than at every key. */
const WRITE_DELAY_MS = 300;

/** Brings settings and the desk's draft back after a reload and keeps them from then on. */
export class Persistence {
  readonly #keeping: Keeping;
  readonly #settings: Settings;

  constructor(keeping: Keeping, settings: Settings) {
    this.#keeping = keeping;
    this.#settings = settings;
  }

  /** @returns id of the model that was chosen last */
  async restoreSettings(): Promise<string | undefined> {
    const kept = await this.#keeping.attempt(readSettings, {});
    this.#settings.restore(kept);
    return kept.model;
  }

  /** Before the draft, which names objectives by their keys. */
  async restoreObjectives(list: ObjectiveList): Promise<void> {
    const { own, order } = await this.#keeping.attempt(readObjectives, { own: [], order: [] });
    list.own = own;
    list.order = order;
  }

  async restoreDraft(alignment: Alignment): Promise<void> {
    const draft = await this.#keeping.attempt(readDraft, undefined);
    if (draft) alignment.restore(draft);
  }

  /** Writes every later change, for as long as the page lives. */
  watch(alignment: Alignment, model: ModelState): void {
    $effect.root(() => {
      this.#writeOnChange(
        () => alignment.draft,
        (draft) => writeDraft(draft),
      );
      this.#writeOnChange(
        () => alignment.keptObjectives,
        (kept) => writeObjectives(kept),
      );
      this.#writeOnChange(
        () => ({ ...this.#settings.values, model: model.chosen.id }),
        (settings) => writeSettings(settings),
      );
    });
  }

  #writeOnChange<T>(value: () => T, write: (value: T) => Promise<void>): void {
    let unwritten: T | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      clearTimeout(timer);
      if (unwritten === undefined) return;
      const now = $state.snapshot(unwritten) as T;
      unwritten = undefined;
      void this.#keeping.attempt(() => write(now), undefined);
    };
    let first = true;
    $effect(() => {
      const now = value();
      // What has just been restored is kept already.
      if (!first) {
        unwritten = now;
        clearTimeout(timer);
        timer = setTimeout(flush, WRITE_DELAY_MS);
      }
      first = false;
    });
    // A page that is closed or put away gets no more time.
    document.addEventListener('visibilitychange', flush);
    addEventListener('pagehide', flush);
  }
}
