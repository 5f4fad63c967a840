import Papa from 'papaparse';
import type { Sheet } from './batch.ts';

/** Reads CSV and JSON Lines files. Every cell stays the text it was: no numbers, no dates, no formulas, no "nan". */

/** Larger files are refused: the table is held in memory and written to the browser's storage in one step. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

export type FileProblem =
  | { readonly kind: 'too-big'; readonly bytes: number; readonly limit: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'no-rows' }
  /** A quoted cell is not closed, or goes on after its closing quote. Row counted from 1, 0 is the header. */
  | { readonly kind: 'quotes'; readonly row: number; readonly open: boolean }
  | { readonly kind: 'json'; readonly line: number; readonly detail: string };

export type SheetReading =
  | { readonly ok: true; readonly sheet: Sheet; readonly encoding: string }
  | { readonly ok: false; readonly problem: FileProblem };

/** Reads a whole file; all of it or, when anything is wrong, nothing. */
export function readSheet(name: string, bytes: Uint8Array): SheetReading {
  if (bytes.byteLength > MAX_FILE_BYTES)
    return refuse({ kind: 'too-big', bytes: bytes.byteLength, limit: MAX_FILE_BYTES });
  const { text, encoding } = decodeText(bytes);
  if (text.trim() === '') return refuse({ kind: 'empty' });
  const isJson = /\.(jsonl|ndjson|json)$/i.test(name) || (!/\.[ct]sv$/i.test(name) && /^\s*\{/.test(text));
  const sheet = isJson ? readJsonLines(text) : readCsv(text);
  if ('kind' in sheet) return refuse(sheet);
  return sheet.rows.length === 0 ? refuse({ kind: 'no-rows' }) : { ok: true, sheet, encoding };
}

function refuse(problem: FileProblem): SheetReading {
  return { ok: false, problem };
}

/** UTF-8 or, by its byte order mark, UTF-16; what is neither comes from an old spreadsheet program (windows-1252). */
export function decodeText(bytes: Uint8Array): { readonly text: string; readonly encoding: string } {
  const decode = (encoding: string, fatal = false): { text: string; encoding: string } => ({
    // The byte order mark itself is no part of the text: TextDecoder takes it off.
    text: new TextDecoder(encoding, { fatal }).decode(bytes),
    encoding,
  });
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decode('utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decode('utf-16be');
  try {
    return decode('utf-8', true);
  } catch {
    return decode('windows-1252');
  }
}

export function readCsv(text: string): Sheet | FileProblem {
  const delimiter = guessDelimiter(text);
  const { data, errors } = Papa.parse<string[]>(normaliseLineEnds(text, delimiter), {
    delimiter,
    newline: '\n',
  });
  // A line without any cell is a gap between rows, as at the end of most files.
  const isRow = (cells: string[]): boolean => cells.length > 1 || cells[0] !== '';
  const fault = errors.find(({ type }) => type === 'Quotes');
  if (fault) {
    const row = data.slice(0, fault.row).filter(isRow).length;
    return { kind: 'quotes', row, open: fault.code === 'MissingQuotes' };
  }
  const [header = [], ...rows] = data.filter(isRow);
  const columns = uniqueNames(header);
  return {
    columns,
    rows: rows.map((cells) => [
      ...cells,
      ...Array<string>(Math.max(0, columns.length - cells.length)).fill(''),
    ]),
  };
}

/** The separator that the header line uses most: names of columns hold commas less often than prose does. */
function guessDelimiter(text: string): string {
  const header = /^(?:"[^"]*"|[^"\r\n])*/.exec(text)?.[0].replace(/"[^"]*"/g, '') ?? '';
  const count = (delimiter: string): number => header.split(delimiter).length;
  return [',', ';', '\t'].reduce((best, other) => (count(other) > count(best) ? other : best));
}

/** One kind of line end between rows, whatever mixture the file has; those inside quoted cells stay as they are. */
function normaliseLineEnds(text: string, delimiter: string): string {
  const quotedCellOrLineEnd = new RegExp(`(?<=^|[${delimiter}\\r\\n])"[^"]*(?:""[^"]*)*"?|\\r\\n?`, 'g');
  return text.replace(quotedCellOrLineEnd, (match) => (match.startsWith('"') ? match : '\n'));
}

export function readJsonLines(text: string): Sheet | FileProblem {
  const columns = new Map<string, number>();
  const objects: [string, unknown][][] = [];
  for (const [index, line] of text.split(/\r\n?|\n/).entries()) {
    if (line.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      return {
        kind: 'json',
        line: index + 1,
        detail: error instanceof Error ? error.message : String(error),
      };
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { kind: 'json', line: index + 1, detail: 'not an object' };
    const entries = Object.entries(value);
    for (const [name] of entries) if (!columns.has(name)) columns.set(name, columns.size);
    objects.push(entries);
  }
  const rows = objects.map((entries) => {
    const cells = Array<string>(columns.size).fill('');
    for (const [name, value] of entries) cells[columns.get(name) ?? 0] = cellText(value);
    return cells;
  });
  return { columns: [...columns.keys()], rows };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Every column can be told from the others: unnamed ones are numbered, repeated names too. */
function uniqueNames(header: readonly string[]): string[] {
  const names: string[] = [];
  for (const [index, cell] of header.entries()) {
    const name = cell.trim() === '' ? `column ${index + 1}` : cell;
    let unique = name;
    for (let again = 2; names.includes(unique); again++) unique = `${name} (${again})`;
    names.push(unique);
  }
  return names;
}
