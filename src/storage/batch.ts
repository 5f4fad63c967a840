import * as v from 'valibot';
import type { BatchSetup, Mapping, RowResult, Sheet } from '../domain/batch.ts';
import { AlignmentRecordSchema } from '../domain/history.ts';
import { Table } from './table.ts';

/**
 * The batch that is open, so that a reload loses no finished row:
 *
 *   'file'    the file as it was read; written once
 *   'plan'    which columns play which role and, once started, how every row is aligned
 *   0, 1, …   what became of the row with that index
 */
export interface KeptBatch {
  /** Tells one opening of a file from the next. */
  readonly id: string;
  readonly fileName: string;
  readonly sheet: Sheet;
  readonly mapping: Mapping;
  readonly setup: BatchSetup | undefined;
  readonly results: readonly (RowResult | undefined)[];
}

const { model, family, objectives, editedAnswer, finishReason, figures } = AlignmentRecordSchema.entries;
const index = v.pipe(v.number(), v.integer(), v.minValue(0));

const FileSchema = v.object({
  id: v.string(),
  fileName: v.string(),
  sheet: v.object({ columns: v.array(v.string()), rows: v.array(v.array(v.string())) }),
});
const PlanSchema = v.object({
  mapping: v.object({ query: v.optional(index), answer: v.optional(index), goldens: v.optional(index) }),
  setup: v.optional(
    v.object({
      model,
      family,
      objectives,
      settings: v.object({ temperature: v.number(), maxNewTokens: v.number(), editShaped: v.boolean() }),
    }),
  ),
});
const ResultSchema = v.variant('state', [
  v.object({ state: v.literal('done'), editedAnswer, finishReason, figures }),
  v.object({ state: v.literal('too-long'), promptTokens: v.number(), maxPromptTokens: v.number() }),
  v.object({ state: v.literal('failed'), code: v.string(), detail: v.string() }),
]);

const table = new Table<unknown>('batch');

/** The kept batch; undefined when there is none or another release wrote it in a way that can't be read. */
export async function readBatch(): Promise<KeptBatch | undefined> {
  const kept = new Map(await table.entries());
  const file = v.safeParse(FileSchema, kept.get('file'));
  const plan = v.safeParse(PlanSchema, kept.get('plan'));
  if (!file.success || !plan.success) return undefined;
  const results = file.output.sheet.rows.map((_, row) => {
    const result = v.safeParse(ResultSchema, kept.get(row));
    return result.success ? result.output : undefined;
  });
  return { ...file.output, mapping: plan.output.mapping, setup: plan.output.setup, results };
}

/** Keeps a batch in place of the one before, in one step; undefined keeps none. */
export async function replaceBatch(batch: KeptBatch | undefined): Promise<void> {
  if (!batch) return table.clear();
  const { id, fileName, sheet, mapping, setup, results } = batch;
  const finished = [...results.entries()].filter(([, result]) => result !== undefined);
  await table.replaceAll([['file', { id, fileName, sheet }], ['plan', { mapping, setup }], ...finished]);
}

export async function writePlan(plan: Pick<KeptBatch, 'mapping' | 'setup'>): Promise<void> {
  await table.put('plan', plan);
}

export async function writeResult(row: number, result: RowResult): Promise<void> {
  await table.put(row, result);
}

export async function dropResults(rows: readonly number[]): Promise<void> {
  await table.remove([...rows]);
}
