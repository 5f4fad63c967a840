import type { FileProblem } from '../batch-import.ts';
import type { batchEn } from './batch.en.ts';

const number = new Intl.NumberFormat('de');
const rows = (count: number): string => `${number.format(count)} ${count === 1 ? 'Zeile' : 'Zeilen'}`;

export const batchDe: typeof batchEn = {
  intro: 'Passen Sie jede Zeile einer Datei mit denselben Zielen an. Die Datei bleibt in diesem Browser.',
  open: 'CSV oder JSONL öffnen…',
  openAnother: 'Andere Datei öffnen…',
  drop: 'oder die Datei hier ablegen',
  teach: [
    'Eine Zeile für jede Anfrage mit ihrer Antwort. Die Spalten query, goldens und generated_text werden erkannt; bei anderen Namen sagen Sie, welche welche ist.',
    'Jede fertige Zeile wird sofort aufbewahrt. Sie können unterbrechen, die Seite schließen und später weitermachen.',
  ],
  opened: (file, count) => `${file}: ${rows(count)}`,
  encoding: (name) =>
    `Diese Datei ist nicht in UTF-8 und wurde als ${name} gelesen. Wenn Buchstaben falsch aussehen, sichern Sie sie als UTF-8 und öffnen Sie sie noch einmal.`,
  close: 'Datei schließen',
  undo: 'Rückgängig',
  closed: 'Datei geschlossen; ihre Ergebnisse sind verworfen.',
  startedOver: 'Ergebnisse verworfen. Wählen Sie neu und starten Sie.',

  columns: 'Spalten',
  roles: { query: 'Anfrage', answer: 'Antwort', goldens: 'Referenz (goldens)' },
  rolesHint: 'Referenzen werden nur mitgeführt; das Modell sieht sie nicht.',
  noColumn: 'Keine',
  chooseColumn: 'Spalte wählen',
  plan: (model, objectives, maxNewTokens) =>
    `${model} · ${objectives.join(' · ')} · Antworten bis ${number.format(maxNewTokens)} Token`,
  planHint: 'Alle Zeilen werden gleich angepasst. Um neu zu wählen, beginnen Sie von vorn.',
  startOver: 'Von vorn beginnen',

  start: 'Start',
  goOn: 'Weiter',
  pause: 'Pause',
  pausing: 'Pause nach dieser Zeile…',
  stop: 'Sofort anhalten',
  stopping: 'Wird angehalten…',
  retry: (count) =>
    count === 1 ? 'Die gescheiterte Zeile wiederholen' : `${rows(count)} wiederholen, die gescheitert sind`,
  obstacles: {
    noQueryColumn: 'Sagen Sie, welche Spalte die Anfragen enthält.',
    noAnswerColumn: 'Sagen Sie, welche Spalte die Antworten enthält.',
    noObjective: 'Wählen Sie mindestens ein Ziel.',
    nothingToDo: 'Keine Zeile wartet.',
  },
  progress: 'Stapel',
  progressLine: (through, all) => `${number.format(through)} von ${rows(all)}`,
  rowUnderWay: (row) => `Zeile ${number.format(row + 1)} wird angepasst`,
  began: 'Der Stapel läuft.',
  ended: (counts) =>
    counts.waiting === 0
      ? `Der Stapel ist durch: ${rows(counts.done)} angepasst${counts.failed > 0 ? `, ${number.format(counts.failed)} gescheitert` : ''}.`
      : `Der Stapel ruht; ${rows(counts.waiting)} stehen aus.`,

  states: {
    waiting: 'Wartet',
    done: 'Angepasst',
    failed: 'Gescheitert',
    'too-long': 'Zu lang',
    blank: 'Leer',
    ragged: 'Zu viele Zellen',
  },
  running: 'Läuft',
  atLimit: 'Angepasst, an der Höchstlänge abgeschnitten',
  unchanged: 'Angepasst, unverändert',
  explanations: {
    'too-long': (promptTokens, maxPromptTokens) =>
      `Übergangen: Ihr Prompt hat ${number.format(promptTokens)} Token, und ${number.format(maxPromptTokens)} passen neben die Antwort. Kürzen Sie die Zeile, oder beginnen Sie mit einer kleineren „Längsten Antwort“ von vorn.`,
    failed: (detail) => `Der Modelllauf ist gescheitert: ${detail}`,
    blank: 'Übergangen: Diese Zeile hat weder Anfrage noch Antwort.',
    ragged:
      'Übergangen: Diese Zeile hat mehr Zellen als die Datei Spalten. Meist steht ein Komma außerhalb von Anführungszeichen.',
  },

  table: 'Zeilen',
  row: 'Zeile',
  state: 'Stand',
  show: 'Zeilen zeigen',
  all: 'Alle',
  noneInState: 'Keine Zeile hat diesen Stand.',
  details: (row) => `Zeile ${number.format(row + 1)}, ganz`,
  empty: 'leer',
  pages: 'Seiten',
  page: (from, to, count) => `${number.format(from)}–${number.format(to)} von ${number.format(count)}`,
  previous: 'Zurück',
  next: 'Vor',

  export: 'Export',
  exportCsv: 'CSV',
  exportSafe: 'CSV für Tabellenprogramme',
  exportJsonLines: 'JSONL mit Messwerten',
  exportHint:
    'CSV enthält jeden Text, wie er ist. „Für Tabellenprogramme“ setzt ein Apostroph vor Zellen, die Excel und ähnliche als Formel ausführen würden.',
  otherColumns: 'Mit den übrigen Spalten der Datei',
  exportPartial: (missing) =>
    `${rows(missing)} ${missing === 1 ? 'hat' : 'haben'} noch keine überarbeitete Antwort und ${missing === 1 ? 'würde' : 'würden'} mit einer leeren exportiert.`,

  problems: {
    'no-model':
      'Das Modell ist nicht geladen, deshalb hat der Stapel angehalten. Laden Sie das Modell und machen Sie weiter.',
    'model-gone': (name) =>
      `Dieser Stapel begann mit ${name}, das nicht mehr unter den Modellen ist. Exportieren Sie, was fertig ist, oder beginnen Sie mit einem anderen Modell von vorn.`,
    'model-changed': (name) =>
      `Ein anderes Modell wurde gewählt, deshalb hat der Stapel angehalten: Alle seine Zeilen werden von ${name} angepasst. „Weiter“ wählt es wieder.`,
    failing: (count, detail) =>
      `Die letzten ${rows(count)} sind gescheitert, deshalb hat der Stapel angehalten. Die Meldung: ${detail} Schließen Sie andere Tabs, die die Grafikkarte nutzen, und wiederholen Sie die gescheiterten Zeilen, oder laden Sie zuerst die Seite neu.`,
    'other-tab':
      'Ein anderer Tab dieses Browsers bearbeitet gerade einen Stapel. Warten Sie auf ihn, oder halten Sie ihn dort an.',
  },
  file: (file, problem) => `${file} wurde nicht geöffnet. ${fileProblem(problem)}`,
};

function fileProblem(problem: FileProblem): string {
  switch (problem.kind) {
    case 'too-big':
      return `Sie hat ${number.format(Math.ceil(problem.bytes / 1e6))} MB; Dateien bis ${number.format(Math.floor(problem.limit / 1e6))} MB lassen sich öffnen. Teilen Sie sie auf.`;
    case 'empty':
      return 'Sie ist leer. Wählen Sie eine Datei mit Kopfzeile und Zeilen.';
    case 'no-rows':
      return 'Sie hat eine Kopfzeile, aber keine Zeilen.';
    case 'quotes':
      return problem.open
        ? `Zeile ${number.format(problem.row)}: Eine Zelle beginnt mit einem Anführungszeichen, das nie geschlossen wird. Schließen Sie es, oder verdoppeln Sie es, wenn es zum Text gehört.`
        : `Zeile ${number.format(problem.row)}: Eine Zelle geht nach dem schließenden Anführungszeichen weiter. Anführungszeichen in einer Zelle müssen verdoppelt werden.`;
    case 'json':
      return `Zeile ${number.format(problem.line)} ist kein JSON-Objekt (${problem.detail}). JSONL hat in jeder Zeile ein Objekt.`;
  }
}
