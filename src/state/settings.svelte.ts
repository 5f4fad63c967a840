import type { FamilyName } from '../domain/families.ts';
import type { GenerationSettings } from '../engine/protocol.ts';
import type { KeptSettings } from '../storage/settings.ts';
import type { Locale } from './language.svelte.ts';

export type Theme = 'system' | 'light' | 'dark';

/** The model card's values: greedy decoding and replies of up to 1,024 tokens. */
const DEFAULTS = { temperature: 0, maxNewTokens: 1024 } as const;

/** How the model is run and prompted, what is kept, and how the page looks. */
export class Settings {
  temperature = $state<number>(DEFAULTS.temperature);
  maxNewTokens = $state<number>(DEFAULTS.maxNewTokens);
  /** Prompt format; undefined means the one the model was trained on. */
  family = $state<FamilyName>();

  /** Whether decoding may guess from the answer; the result is the same, only faster. */
  editShaped = $state(true);
  /** Whether finished alignments are kept in this browser. */
  keepHistory = $state(true);

  /** 'system' follows the browser. */
  theme = $state<Theme>('system');
  /** Language of the page; undefined means the browser's. */
  locale = $state<Locale>();
  /** Whether keys without Ctrl or ⌘ do something outside of text fields (WCAG 2.1.4 asks for a switch). */
  singleKeys = $state(true);

  /** What is worth keeping for the next visit. */
  get values(): KeptSettings {
    const { temperature, maxNewTokens, family, editShaped, keepHistory, theme, locale, singleKeys } = this;
    return { temperature, maxNewTokens, family, editShaped, keepHistory, theme, locale, singleKeys };
  }

  /** What a run takes. */
  get generation(): GenerationSettings {
    const { temperature, maxNewTokens, editShaped } = this;
    return { temperature, maxNewTokens, editShaped };
  }

  restore(kept: KeptSettings): void {
    this.temperature = kept.temperature ?? DEFAULTS.temperature;
    this.maxNewTokens = kept.maxNewTokens ?? DEFAULTS.maxNewTokens;
    this.family = kept.family;
    this.editShaped = kept.editShaped ?? true;
    this.keepHistory = kept.keepHistory ?? true;
    this.theme = kept.theme ?? 'system';
    this.locale = kept.locale;
    this.singleKeys = kept.singleKeys ?? true;
  }

  /** Back to the defaults, except that a history which was switched off is not quietly switched on again. */
  reset(): void {
    this.restore({ keepHistory: this.keepHistory });
  }
}
