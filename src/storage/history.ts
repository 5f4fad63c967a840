import * as v from 'valibot';
import { AlignmentRecordSchema, type AlignmentRecord } from '../domain/history.ts';
import { Table } from './table.ts';

const table = new Table<AlignmentRecord>('history');

/** Every kept alignment, in no order; one that can't be read (written by another release) is left out. */
export async function readHistory(): Promise<AlignmentRecord[]> {
  return (await table.entries())
    .map(([, record]) => record)
    .filter((record) => v.is(AlignmentRecordSchema, record));
}

export async function keepAlignments(records: readonly AlignmentRecord[]): Promise<void> {
  await table.putAll(records.map((record) => [record.id, record]));
}

export async function forgetAlignments(ids: readonly string[]): Promise<void> {
  await table.remove([...ids]);
}
