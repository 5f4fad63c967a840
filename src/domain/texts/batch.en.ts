import type { FileProblem } from '../batch-import.ts';
import type { Role, RowState, StateCounts } from '../batch.ts';

const number = new Intl.NumberFormat('en');
const rows = (count: number): string => `${number.format(count)} ${count === 1 ? 'row' : 'rows'}`;

/** The screen that aligns a whole file. */
export const batchEn = {
  intro: 'Align every row of a file with the same objectives. The file stays in this browser.',
  open: 'Open CSV or JSONL…',
  openAnother: 'Open another file…',
  drop: 'or drop the file here',
  teach: [
    'One row for each query and answer. The columns query, goldens and generated_text are recognised; for any other names you say which is which.',
    'Every finished row is kept at once. You can pause, close the page and go on later.',
  ],
  opened: (file: string, count: number) => `${file}: ${rows(count)}`,
  encoding: (name: string) =>
    `This file is not in UTF-8 and was read as ${name}. If letters look wrong, save it as UTF-8 and open it again.`,
  close: 'Close file',
  undo: 'Undo',
  closed: 'File closed; its results are let go.',
  startedOver: 'Results let go. Choose anew and start.',

  columns: 'Columns',
  roles: { query: 'Query', answer: 'Answer', goldens: 'Reference (goldens)' } satisfies Record<Role, string>,
  rolesHint: 'References are only carried along; the model does not see them.',
  noColumn: 'None',
  chooseColumn: 'Choose a column',
  plan: (model: string, objectives: readonly string[], maxNewTokens: number) =>
    `${model} · ${objectives.join(' · ')} · replies of up to ${number.format(maxNewTokens)} tokens`,
  planHint: 'All rows are aligned the same way. To choose anew, start over.',
  startOver: 'Start over',

  start: 'Start',
  goOn: 'Continue',
  pause: 'Pause',
  pausing: 'Pausing after this row…',
  stop: 'Stop now',
  stopping: 'Stopping…',
  retry: (count: number) => `Retry ${rows(count)} that failed`,
  obstacles: {
    noQueryColumn: 'Say which column holds the queries.',
    noAnswerColumn: 'Say which column holds the answers.',
    noObjective: 'Choose at least one objective.',
    nothingToDo: 'No row is waiting.',
  },
  progress: 'Batch',
  progressLine: (through: number, all: number) => `${number.format(through)} of ${rows(all)}`,
  rowUnderWay: (row: number) => `row ${number.format(row + 1)} is being aligned`,
  began: 'The batch is running.',
  ended: (counts: StateCounts) =>
    counts.waiting === 0
      ? `The batch is through: ${rows(counts.done)} aligned${counts.failed > 0 ? `, ${number.format(counts.failed)} failed` : ''}.`
      : `The batch rests; ${rows(counts.waiting)} to go.`,

  states: {
    waiting: 'Waiting',
    done: 'Aligned',
    failed: 'Failed',
    'too-long': 'Too long',
    blank: 'Empty',
    ragged: 'Too many cells',
  } satisfies Record<RowState, string>,
  running: 'Running',
  atLimit: 'Aligned, cut at the limit',
  unchanged: 'Aligned, unchanged',
  explanations: {
    'too-long': (promptTokens: number, maxPromptTokens: number) =>
      `Skipped: its prompt has ${number.format(promptTokens)} tokens, and ${number.format(maxPromptTokens)} fit beside the reply. Shorten the row, or start over with a lower “Longest reply”.`,
    failed: (detail: string) => `The engine failed: ${detail}`,
    blank: 'Skipped: this row has neither a query nor an answer.',
    ragged:
      'Skipped: this row has more cells than the file has columns. A comma outside quotes is the usual cause.',
  },

  table: 'Rows',
  row: 'Row',
  state: 'State',
  show: 'Show rows',
  all: 'All',
  noneInState: 'No row is in this state.',
  details: (row: number) => `Row ${number.format(row + 1)}, whole`,
  empty: 'empty',
  pages: 'Pages',
  page: (from: number, to: number, count: number) =>
    `${number.format(from)}–${number.format(to)} of ${number.format(count)}`,
  previous: 'Previous',
  next: 'Next',

  export: 'Export',
  exportCsv: 'CSV',
  exportSafe: 'CSV for spreadsheets',
  exportJsonLines: 'JSONL with figures',
  exportHint:
    'CSV holds every text as it is. “For spreadsheets” puts an apostrophe before cells that Excel and its like would run as a formula.',
  otherColumns: 'With the file’s other columns',
  exportPartial: (missing: number) =>
    `${rows(missing)} ${missing === 1 ? 'has' : 'have'} no edited answer yet and would be exported with an empty one.`,

  problems: {
    'no-model': 'The model is not loaded, so the batch stopped. Load the model and continue.',
    'model-gone': (name: string) =>
      `This batch began with ${name}, which is no longer among the models. Export what is done, or start over with another model.`,
    'model-changed': (name: string) =>
      `Another model was chosen, so the batch stopped: all its rows are aligned by ${name}. Continue to choose it again.`,
    failing: (count: number, detail: string) =>
      `The last ${rows(count)} failed, so the batch stopped. The engine says: ${detail} Close other tabs that use the graphics card, retry the failed rows, or reload the page first.`,
    'other-tab': 'Another tab of this browser is running a batch. Wait for it, or stop it there.',
  },
  file: (file: string, problem: FileProblem) => `${file} was not opened. ${fileProblem(problem)}`,
};

function fileProblem(problem: FileProblem): string {
  switch (problem.kind) {
    case 'too-big':
      return `It has ${number.format(Math.ceil(problem.bytes / 1e6))} MB; files of up to ${number.format(Math.floor(problem.limit / 1e6))} MB can be opened. Split it into smaller files.`;
    case 'empty':
      return 'It is empty. Choose a file with a header line and rows.';
    case 'no-rows':
      return 'It has a header line but no rows.';
    case 'quotes':
      return problem.open
        ? `Row ${number.format(problem.row)}: a cell begins with a quotation mark that is never closed. Close it, or double it if it belongs to the text.`
        : `Row ${number.format(problem.row)}: a cell goes on after its closing quotation mark. Quotation marks inside a quoted cell must be doubled.`;
    case 'json':
      return `Line ${number.format(problem.line)} is not a JSON object (${problem.detail}). JSONL has one object on each line.`;
  }
}
