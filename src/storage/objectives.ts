import * as v from 'valibot';
import type { Objective } from '../domain/families.ts';
import { Table } from './table.ts';

const KEY = 'own';
const ObjectivesSchema = v.array(v.object({ key: v.string(), text: v.string() }));

const table = new Table<readonly Objective[]>('objectives');

/** The person's own objectives in their order; none when nothing is kept or what is kept can't be read. */
export async function readObjectives(): Promise<Objective[]> {
  const kept = v.safeParse(ObjectivesSchema, await table.get(KEY));
  return kept.success ? kept.output : [];
}

/** Keeps the person's own objectives in place of those kept before. */
export async function writeObjectives(objectives: readonly Objective[]): Promise<void> {
  await table.put(KEY, objectives);
}
