import type { AlignmentRecord } from './history.ts';

/** A file of queries and answers, and what became of each of its rows. */

/** A file as it was read: its columns and the text of every cell. */
export interface Sheet {
  readonly columns: readonly string[];
  /** One array of cells for each row; all as long as `columns` unless the row is named in `ragged`. */
  readonly rows: readonly (readonly string[])[];
}

/** What the batch needs from a file. */
export type Role = 'query' | 'answer' | 'goldens';
export const ROLES: readonly Role[] = ['query', 'answer', 'goldens'];

/** Index of the column that plays each role; `goldens`, the reference answers, may be missing. */
export type Mapping = Readonly<Partial<Record<Role, number>>>;

/** Column names of MetaAligner's own batch script first, then those of its output. */
const KNOWN_NAMES: Readonly<Record<Role, readonly string[]>> = {
  query: ['query'],
  answer: ['generated_text', 'origin_responses'],
  goldens: ['goldens'],
};

/** How every row of a batch is aligned; fixed when the first row starts, so that all rows are comparable. */
export interface BatchSetup extends Pick<AlignmentRecord, 'model' | 'family' | 'objectives'> {
  readonly settings: { temperature: number; maxNewTokens: number; editShaped: boolean };
}

export type RowResult =
  | ({ readonly state: 'done' } & Pick<AlignmentRecord, 'editedAnswer' | 'finishReason' | 'figures'>)
  /** Its prompt has more tokens than the model reads beside the room for the reply. */
  | { readonly state: 'too-long'; readonly promptTokens: number; readonly maxPromptTokens: number }
  | { readonly state: 'failed'; readonly code: string; readonly detail: string };

/** 'blank': neither query nor answer; 'ragged': more cells than columns, so that nobody knows which is which. */
export type RowFault = 'blank' | 'ragged';
export type RowState = RowResult['state'] | RowFault | 'waiting';

export function recogniseColumns(columns: readonly string[]): Mapping {
  const names = columns.map((name) => name.trim().toLowerCase());
  const mapping: Partial<Record<Role, number>> = {};
  for (const role of ROLES) {
    const known = KNOWN_NAMES[role].find((name) => names.includes(name));
    if (known !== undefined) mapping[role] = names.indexOf(known);
  }
  return mapping;
}

export interface RowTexts {
  readonly query: string;
  readonly answer: string;
  readonly goldens: string;
}

/** The texts of one row; a cell that is missing or empty is an empty text. */
export function rowTexts(cells: readonly string[], mapping: Mapping): RowTexts {
  const text = (role: Role): string => {
    const column = mapping[role];
    return (column === undefined ? undefined : cells[column]) ?? '';
  };
  return { query: text('query'), answer: text('answer'), goldens: text('goldens') };
}

export function rowFault(cells: readonly string[], sheet: Sheet, mapping: Mapping): RowFault | undefined {
  if (cells.length > sheet.columns.length) return 'ragged';
  const { query, answer } = rowTexts(cells, mapping);
  return query.trim() === '' && answer.trim() === '' ? 'blank' : undefined;
}

/** State of every row, in order. */
export function rowStates(
  sheet: Sheet,
  mapping: Mapping,
  results: readonly (RowResult | undefined)[],
): RowState[] {
  return sheet.rows.map(
    (cells, index) => results[index]?.state ?? rowFault(cells, sheet, mapping) ?? 'waiting',
  );
}

export type StateCounts = Readonly<Record<RowState, number>>;

export function countStates(states: readonly RowState[]): StateCounts {
  const counts = { waiting: 0, done: 0, 'too-long': 0, failed: 0, blank: 0, ragged: 0 };
  for (const state of states) counts[state] += 1;
  return counts;
}

/** How much work the rows are: characters to read and, roughly, to write. */
export function workload(sheet: Sheet, mapping: Mapping, rows: readonly number[]): number {
  // What a row costs however short it is: the objectives and the template, about as many characters.
  const FIXED = 500;
  return rows.reduce((sum, row) => {
    const { query, answer } = rowTexts(sheet.rows[row] ?? [], mapping);
    return sum + FIXED + query.length + 2 * answer.length;
  }, 0);
}
