import type { FamilyName } from '../domain/families.ts';

/** The model card's values: greedy decoding and replies of up to 1,024 tokens. */
const DEFAULTS = { temperature: 0, maxNewTokens: 1024 } as const;

/** How the model is run and prompted. */
export class Settings {
  temperature = $state<number>(DEFAULTS.temperature);
  maxNewTokens = $state<number>(DEFAULTS.maxNewTokens);
  /** Prompt format; undefined means the one the model was trained on. */
  family = $state<FamilyName>();

  reset(): void {
    this.temperature = DEFAULTS.temperature;
    this.maxNewTokens = DEFAULTS.maxNewTokens;
    this.family = undefined;
  }
}
