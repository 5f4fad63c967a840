import * as v from 'valibot';
import { Table } from './table.ts';

const KEY = 'desk';
const DraftSchema = v.object({
  query: v.string(),
  answer: v.string(),
  /** Keys of the ticked objectives. */
  ticked: v.pipe(v.array(v.string()), v.readonly()),
});

/** What lay on the desk: unfinished input, kept so that a reload loses nothing. */
export type Draft = Readonly<v.InferOutput<typeof DraftSchema>>;

const table = new Table<Draft>('drafts');

export async function readDraft(): Promise<Draft | undefined> {
  const kept = v.safeParse(DraftSchema, await table.get(KEY));
  return kept.success ? kept.output : undefined;
}

export async function writeDraft(draft: Draft): Promise<void> {
  await table.put(KEY, draft);
}
