import * as v from 'valibot';
import { Table } from './table.ts';

const KEY = 'all';

/** A setting that is missing or no longer understood is left out, and its default holds. */
const SettingsSchema = v.object({
  temperature: v.fallback(v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))), undefined),
  maxNewTokens: v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))), undefined),
  family: v.fallback(v.optional(v.picklist(['UltraFeedback', 'HH-RLHF', 'IMHI'])), undefined),
  editShaped: v.fallback(v.optional(v.boolean()), undefined),
  keepHistory: v.fallback(v.optional(v.boolean()), undefined),
  theme: v.fallback(v.optional(v.picklist(['system', 'light', 'dark'])), undefined),
  locale: v.fallback(v.optional(v.picklist(['en', 'de'])), undefined),
  singleKeys: v.fallback(v.optional(v.boolean()), undefined),
  /** Id of the model chosen last. */
  model: v.fallback(v.optional(v.string()), undefined),
});

export type KeptSettings = v.InferOutput<typeof SettingsSchema>;

const table = new Table<KeptSettings>('settings');

export async function readSettings(): Promise<KeptSettings> {
  const kept = v.safeParse(SettingsSchema, await table.get(KEY));
  return kept.success ? kept.output : {};
}

export async function writeSettings(settings: KeptSettings): Promise<void> {
  await table.put(KEY, settings);
}
