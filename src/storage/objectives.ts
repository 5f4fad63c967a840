import * as v from 'valibot';
import { Table } from './table.ts';

const KEY = 'list';
const ObjectivesSchema = v.object({
  own: v.pipe(v.array(v.object({ key: v.string(), text: v.string() })), v.readonly()),
  /** Keys of published and own objectives in the order that the person gave them. */
  order: v.pipe(v.array(v.string()), v.readonly()),
});

export type KeptObjectives = Readonly<v.InferOutput<typeof ObjectivesSchema>>;

const table = new Table<KeptObjectives>('objectives');

/** The person's own objectives and order; none when nothing is kept or what is kept can't be read. */
export async function readObjectives(): Promise<KeptObjectives> {
  const kept = v.safeParse(ObjectivesSchema, await table.get(KEY));
  return kept.success ? kept.output : { own: [], order: [] };
}

/** Keeps these in place of those kept before. */
export async function writeObjectives(objectives: KeptObjectives): Promise<void> {
  await table.put(KEY, objectives);
}
