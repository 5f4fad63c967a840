import * as v from 'valibot';
import { Table } from './table.ts';

/** What a self-check of the engine found: for what, whether steps can be trusted, and what they cost. */
const SelfCheckSchema = v.object({
  subject: v.string(),
  fault: v.string(),
  costs: v.pipe(v.array(v.tuple([v.number(), v.number()])), v.minLength(1)),
});

export type KeptSelfCheck = v.InferOutput<typeof SelfCheckSchema>;

const table = new Table<KeptSelfCheck>('self-checks');

export async function readSelfCheck(buildId: string): Promise<KeptSelfCheck | undefined> {
  const kept = v.safeParse(SelfCheckSchema, await table.get(buildId));
  return kept.success ? kept.output : undefined;
}

export async function writeSelfCheck(
  buildId: string,
  { subject, fault, costs }: KeptSelfCheck,
): Promise<void> {
  await table.put(buildId, { subject, fault, costs });
}
