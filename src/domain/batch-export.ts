import Papa from 'papaparse';
import {
  ROLES,
  rowFault,
  rowTexts,
  type BatchSetup,
  type Mapping,
  type RowResult,
  type Sheet,
} from './batch.ts';

/** The columns that MetaAligner's batch script writes, in its order. */
const OUTPUT_COLUMNS = ['query', 'goldens', 'origin_responses', 'aligned_responses'] as const;

export interface Batch {
  readonly sheet: Sheet;
  readonly mapping: Mapping;
  readonly setup: BatchSetup | undefined;
  /** What became of each row, by the row's index; undefined where nothing has yet. */
  readonly results: readonly (RowResult | undefined)[];
}

export interface CsvOptions {
  /** Whether the file's other columns follow the four. */
  readonly otherColumns: boolean;
  /** Whether cells that a spreadsheet would run as a formula are made text, and the encoding is marked for it. */
  readonly spreadsheetSafe: boolean;
}

/** All rows as CSV (RFC 4180, UTF-8); a row without an edited answer has an empty one. */
export function batchCsv(
  { sheet, mapping, results }: Batch,
  { otherColumns, spreadsheetSafe }: CsvOptions,
): string {
  const others = otherColumns ? otherColumnsOf(sheet, mapping) : [];
  const fields = [...OUTPUT_COLUMNS, ...others.map((column) => sheet.columns[column] ?? '')];
  const rows = sheet.rows.map((cells, row) => {
    const { query, goldens, answer } = rowTexts(cells, mapping);
    return [
      query,
      goldens,
      answer,
      editedAnswer(results[row]),
      ...others.map((column) => cells[column] ?? ''),
    ];
  });
  const table = [fields, ...rows].map((row) => (spreadsheetSafe ? row.map(safeForSpreadsheets) : row));
  // Excel takes a file for UTF-8 only when it begins with the byte order mark.
  return (spreadsheetSafe ? '\uFEFF' : '') + Papa.unparse(table, { newline: '\r\n' }) + '\r\n';
}

/** All rows as JSON Lines, each with its state, what it was aligned for, and its figures. */
export function batchJsonLines({ sheet, mapping, setup, results }: Batch): string {
  const others = otherColumnsOf(sheet, mapping);
  const lines = sheet.rows.map((cells, row) => {
    const { query, goldens, answer } = rowTexts(cells, mapping);
    const result = results[row];
    return JSON.stringify({
      query,
      goldens,
      origin_responses: answer,
      aligned_responses: result?.state === 'done' ? result.editedAnswer : null,
      ...(result ?? { state: rowFault(cells, sheet, mapping) ?? 'waiting' }),
      // Named `aligned_responses` above.
      editedAnswer: undefined,
      setup,
      columns: Object.fromEntries(others.map((column) => [sheet.columns[column] ?? '', cells[column] ?? ''])),
    });
  });
  return lines.join('\n') + '\n';
}

/**
 * A cell that no spreadsheet runs: one beginning with a character that starts a formula (in ASCII or full width), or
 * with white space that spreadsheets strip before looking, gets an apostrophe in front.
 */
export function safeForSpreadsheets(cell: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(cell) ? `'${cell}` : cell;
}

function editedAnswer(result: RowResult | undefined): string {
  return result?.state === 'done' ? result.editedAnswer : '';
}

function otherColumnsOf(sheet: Sheet, mapping: Mapping): number[] {
  const used = new Set(ROLES.map((role) => mapping[role]));
  return sheet.columns.map((_, column) => column).filter((column) => !used.has(column));
}
