import type { Browser } from '../browser.ts';
import { batchDe } from './batch.de.ts';
import type { Texts } from './en.ts';
import { conversionDe } from './conversion.de.ts';
import { modelsDe } from './models.de.ts';
import { weightsDe } from './weights.de.ts';
import { workbenchDe } from './workbench.de.ts';

/** Where WebGPU is to be had, for whoever is on this browser. */
function webgpuAdvice({ name, platform }: Browser): string {
  if (platform === 'ios')
    return 'Aktualisieren Sie iPhone oder iPad auf iOS 26 oder neuer: Safari 26 bringt WebGPU mit.';
  if (platform === 'android') return 'Verwenden Sie unter Android Chrome 121 oder neuer.';
  switch (name) {
    case 'firefox':
      return platform === 'linux'
        ? 'Firefox unter Linux hat noch kein WebGPU: Öffnen Sie diese Seite in Chrome oder Edge.'
        : 'Aktualisieren Sie Firefox (141 oder neuer unter Windows, 145 oder neuer auf Macs mit Apple-Chip), oder öffnen Sie diese Seite in Chrome oder Edge.';
    case 'safari':
      return 'Aktualisieren Sie auf macOS 26 und Safari 26, oder öffnen Sie diese Seite in Chrome oder Edge.';
    case 'chrome':
    case 'edge':
      return 'Aktualisieren Sie den Browser auf Version 113 oder neuer, und schalten Sie in seinen Systemeinstellungen die Grafikbeschleunigung ein.';
    case 'other':
      return 'Öffnen Sie diese Seite in einem aktuellen Chrome, Edge, Safari oder Firefox.';
  }
}

function adapterAdvice({ name, platform }: Browser): string {
  if ((name === 'chrome' || name === 'edge') && platform === 'linux')
    return 'Unter Linux sagt chrome://gpu, warum; oft hilft ein neuerer Grafiktreiber oder der Start mit --enable-features=Vulkan.';
  if (name === 'chrome' || name === 'edge')
    return 'Schalten Sie in den Systemeinstellungen des Browsers die Grafikbeschleunigung ein, aktualisieren Sie den Grafiktreiber und starten Sie den Browser neu.';
  return 'Aktualisieren Sie den Grafiktreiber und starten Sie den Browser neu, oder öffnen Sie diese Seite in Chrome oder Edge.';
}

const number = new Intl.NumberFormat('de');
const dateAndTime = new Intl.DateTimeFormat('de', { dateStyle: 'medium', timeStyle: 'short' });
const decimals = new Intl.NumberFormat('de', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function alignments(count: number): string {
  return count === 1 ? 'Eine Anpassung' : `${number.format(count)} Anpassungen`;
}

export const de: Texts = {
  appName: 'MetaAligner Web',
  tagline: 'Eine Antwort so überarbeiten, dass sie den gewählten Zielen entspricht.',
  privacy: 'Alles läuft in diesem Browser. Was Sie einfügen, verlässt dieses Gerät nicht.',

  screens: 'Bereiche',
  viewNames: {
    desk: 'Schreibtisch',
    compare: 'Vergleich',
    batch: 'Stapel',
    history: 'Verlauf',
    models: 'Modelle',
  },

  queryLabels: { Query: 'Anfrage', Context: 'Kontext', Question: 'Frage' },
  queryPlaceholder: 'Was gefragt wurde',
  answerLabel: 'Antwort',
  answerPlaceholder: 'Fügen Sie die Antwort ein, die besser werden soll',
  tryExample: 'Beispiel einsetzen',
  clear: 'Leeren',

  objectives: 'Ziele',
  objectivesHint:
    'Zeigen Sie auf ein Ziel, um zu lesen, was es verlangt. In dieser Reihenfolge stehen sie im Prompt.',
  ownObjective: 'Eigenes Ziel',
  ownObjectivePlaceholder: 'Politeness: the response should be courteous',
  addObjective: 'Ziel hinzufügen',
  removeObjective: (name) => `Ziel ${name} entfernen`,
  objectiveExists: 'Dieses Ziel steht schon in der Liste.',

  align: 'Anpassen',
  alignKeys: (modifier) => `${modifier === 'Ctrl' ? 'Strg' : modifier} + Eingabe`,
  stop: 'Anhalten',
  stopping: 'Wird angehalten…',
  cannotRun: {
    noAnswer: 'Fügen Sie zuerst eine Antwort ein.',
    noQuery: (label) => `Füllen Sie zuerst „${label}“ aus.`,
    noObjective: 'Wählen Sie mindestens ein Ziel.',
  },

  model: 'Modell',
  modelStates: {
    idle: 'lädt, wenn Sie beginnen',
    downloading: 'wird heruntergeladen…',
    loading: 'lädt…',
    ready: 'bereit',
    failed: 'nicht geladen',
  },
  demoNote:
    'Eine Demo von wenigen Megabyte, nicht MetaAligner: Sie kann eine Handvoll einfacher Änderungen und zeigt, dass alles läuft.',
  loadModel: 'Modell laden',
  cancelLoading: 'Abbrechen',
  modelLoading: 'Modell lädt',
  modelDownload: 'Modell-Download',
  downloadPhases: {
    preparing: 'Dateien werden nachgesehen',
    downloading: 'Wird heruntergeladen',
    waiting: 'Wartet auf den Server',
    checking: 'Dateien werden geprüft',
  },
  downloaded: (loaded, total) => `${decimals.format(loaded / 1e6)} von ${decimals.format(total / 1e6)} MB`,
  speed: (bytesPerSecond) => `${decimals.format(bytesPerSecond / 1e6)} MB/s`,
  timeLeft: (seconds) =>
    seconds < 90 ? `noch ${Math.ceil(seconds)} s` : `noch ${Math.ceil(seconds / 60)} min`,
  phases: {
    starting: 'Wird gestartet',
    weights: 'Gewichte werden gelesen',
    shaders: 'Grafikprogramme werden vorbereitet',
    'self-check': 'Selbsttest auf diesem Gerät',
  },
  modelReady: (name) => `${name} ist bereit.`,
  loadCancelled: 'Das Laden wurde abgebrochen.',
  tryAgain: 'Noch einmal versuchen',
  dismiss: 'Schließen',

  resultColumn: 'Ergebnis',
  editedAnswer: 'Überarbeitete Antwort',
  emptyResult: 'Hier erscheint die überarbeitete Antwort.',
  emptyResultHint:
    'Fügen Sie Anfrage und Antwort ein, wählen Sie Ziele und drücken Sie „Anpassen“, oder probieren Sie das Beispiel.',
  working: 'Der Prompt wird gelesen…',
  noReply: 'Das Modell hat nichts geantwortet.',
  copy: 'Kopieren',
  copied: 'Kopiert.',
  copyFailed:
    'Der Browser hat das Kopieren verweigert. Markieren Sie den Text und kopieren Sie ihn von Hand.',
  finished: {
    stop: 'Fertig.',
    length:
      'Die Antwort hat ihre Höchstlänge erreicht und endet früher. „Längste Antwort“ in den Einstellungen verschiebt die Grenze.',
    abort: 'Angehalten. Was bis dahin kam, bleibt.',
  },
  changes: 'Änderungen',
  noChanges: 'Das Modell hat die Antwort gelassen, wie sie war.',
  published: 'Veröffentlichte Antwort',
  publishedNote: (model) =>
    `Was die Modellkarte von ${model} zu diesem Beispiel zeigt. Nichts hier berechnet.`,

  ...workbenchDe,

  figures: 'Messwerte',
  figureNames: {
    promptTokens: 'Prompt',
    replyTokens: 'Antwort',
    timeToFirstToken: 'Erstes Token nach',
    prefill: 'Lesen',
    decode: 'Schreiben',
    total: 'Gesamt',
    decoding: 'Dekodierung',
  },
  editShaped: (tokensPerStep) => `antwortgestützt, ${decimals.format(tokensPerStep)} Token je Schritt`,
  ordinary: {
    'switched-off': 'ein Token je Schritt: antwortgestützte Dekodierung ist in den Einstellungen aus',
    temperature: 'ein Token je Schritt: antwortgestützte Dekodierung braucht Temperatur 0',
    unavailable:
      'ein Token je Schritt: Der Programmbibliothek dieses Modells fehlt, was antwortgestützte Dekodierung braucht',
    'self-check-failed':
      'ein Token je Schritt: Dieses Gerät hat den Test für antwortgestützte Dekodierung nicht bestanden',
  },
  tokens: (count) => `${number.format(count)} Token`,
  seconds: (value) => `${decimals.format(value)} s`,
  tokensPerSecond: (value) => `${decimals.format(value)} Token/s`,
  dateTime: (at) => dateAndTime.format(new Date(at)),

  prompt: 'Prompt',
  promptShow: 'Genauer Prompt',
  promptTokensUnknown: 'Seine Token werden gezählt, sobald das Modell geladen ist.',

  settings: 'Einstellungen',
  close: 'Schließen',
  settingTemperature: 'Temperatur',
  settingTemperatureHint: '0 nimmt immer das wahrscheinlichste Wort (greedy), wie auf der Modellkarte.',
  settingMaxNewTokens: 'Längste Antwort (Token)',
  settingMaxNewTokensHint: 'Die Modellkarte nimmt 1.024. So viel Platz bleibt im Kontext des Modells frei.',
  settingEditShaped: 'Antwortgestützte Dekodierung',
  settingEditShapedHint:
    'Rät die nächsten Wörter aus der Antwort und prüft sie auf einmal: derselbe Text, nur schneller.',
  settingFamily: 'Prompt-Format',
  settingFamilyHint:
    'Welcher Prompt und welche Ziele gelten. Ein Modell arbeitet am besten mit dem, womit es trainiert wurde.',
  settingFamilyOfModel: (name) => `Wie das Modell trainiert wurde (${name})`,
  resetSettings: 'Zurücksetzen',

  notKept: {
    full: 'Der Browser hat keinen Platz mehr, um aufzubewahren, was Sie hier tun. Alles läuft weiter, aber neuer Verlauf und Entwürfe sind weg, sobald diese Seite geschlossen wird. Löschen Sie Verlauf oder ein Modell, oder schaffen Sie Platz auf dem Gerät.',
    refused:
      'Dieser Browser bewahrt für diese Seite nichts auf (ein privates Fenster, oder Websitedaten sind gesperrt). Alles läuft, aber Verlauf, Entwürfe und Einstellungen sind weg, sobald diese Seite geschlossen wird.',
  },

  models: modelsDe,
  weights: weightsDe,
  conversion: conversionDe,

  batch: batchDe,

  history: {
    note: 'Fertige Anpassungen bleiben in diesem Browser, die neuesten 500. Niemand sonst sieht sie.',
    keep: 'Fertige Anpassungen aufbewahren',
    search: 'Verlauf durchsuchen',
    import: 'Importieren…',
    export: 'Alle exportieren',
    removeAll: 'Alle löschen',
    undo: 'Rückgängig',
    empty:
      'Noch nichts hier. Jede Antwort, die Sie auf dem Schreibtisch anpassen, wird hier mit ihren Zielen und Messwerten aufbewahrt, damit Sie sie wiederfinden und öffnen können.',
    emptyOff: 'Nichts wird aufbewahrt, denn „Fertige Anpassungen aufbewahren“ ist ausgeschaltet.',
    nothingFound: (search) => `Nichts im Verlauf enthält „${search}“.`,
    count: (found, all) =>
      found === all
        ? `${number.format(all)} aufbewahrt`
        : `${number.format(found)} von ${number.format(all)}`,
    reopen: 'Öffnen',
    reopenNamed: (query) => `„${shortened(query)}“ öffnen`,
    remove: 'Löschen',
    removeNamed: (query) => `„${shortened(query)}“ löschen`,
    locked: 'Der Schreibtisch ist beschäftigt. Warten Sie das Ende ab, oder halten Sie den Lauf an.',
    removed: (count) => `${alignments(count)} gelöscht.`,
    restored: (count) => `${alignments(count)} ${count === 1 ? 'ist' : 'sind'} wieder da.`,
    ended: { length: 'an der Höchstlänge beendet', abort: 'vorher angehalten' },
    imported: (file, count) =>
      count === 0
        ? `${file}: Alle Anpassungen darin waren schon hier.`
        : `${file}: ${alignments(count)} hinzugefügt.`,
    importProblem: (file, problem) => {
      switch (problem.kind) {
        case 'not-json':
          return `${file} ist kein JSON (${problem.detail}). Wählen Sie eine Datei, die „Alle exportieren“ geschrieben hat. Nichts wurde importiert.`;
        case 'other-file':
          return `${file} ist kein exportierter Verlauf (${problem.detail}). Wählen Sie eine Datei, die „Alle exportieren“ geschrieben hat. Nichts wurde importiert.`;
        case 'newer':
          return `${file} stammt von einer neueren Fassung dieser Seite (Format ${problem.version}). Laden Sie die Seite neu und versuchen Sie es noch einmal. Nichts wurde importiert.`;
        case 'entry':
          return `${file}: Anpassung ${number.format(problem.entry)} ist beschädigt: ${problem.detail}. Berichtigen oder entfernen Sie sie und versuchen Sie es noch einmal. Nichts wurde importiert.`;
      }
    },
  },

  tooLong: ({ promptTokens, contextWindow, maxNewTokens, excess }) =>
    `Der Prompt ist zu lang: ${number.format(promptTokens)} Token. Dieses Modell liest ${number.format(contextWindow)}, ` +
    `davon bleiben ${number.format(maxNewTokens)} für die Antwort: ${number.format(excess)} zu viel. ` +
    'Kürzen Sie die Antwort, wählen Sie weniger Ziele oder senken Sie „Längste Antwort“ in den Einstellungen.',

  errors: {
    'insecure-context': () => ({
      cause: 'Der Browser gibt einer Seite die Grafikkarte nur über eine sichere Verbindung.',
      next: 'Öffnen Sie diese Seite über https:// oder auf localhost.',
    }),
    'no-webgpu': (browser) => ({
      cause: 'Dieser Browser hat kein WebGPU, das das Modell zum Laufen braucht.',
      next: webgpuAdvice(browser),
    }),
    'no-adapter': (browser) => ({
      cause: 'Der Browser hat WebGPU, bietet aber keinen Grafikadapter an.',
      next: adapterAdvice(browser),
    }),
    'missing-feature': () => ({
      cause: 'Dem Grafikadapter fehlt etwas, das dieser Modell-Build braucht.',
      next: 'Wählen Sie ein anderes Modell oder einen anderen Build, oder versuchen Sie es auf einem anderen Gerät.',
    }),
    'out-of-memory': () => ({
      cause: 'Der Grafikspeicher ist für dieses Modell zu klein.',
      next: 'Schließen Sie andere Tabs und Programme, oder wählen Sie ein kleineres Modell.',
    }),
    network: () => ({
      cause: 'Eine Datei des Modells konnte nicht geholt werden.',
      next: 'Prüfen Sie die Verbindung und versuchen Sie es noch einmal; was schon da ist, bleibt.',
    }),
    'load-failed': () => ({
      cause: 'Das Modell konnte nicht geladen werden.',
      next: 'Versuchen Sie es noch einmal. Scheitert es wieder, laden Sie die Seite neu.',
    }),
    'not-loaded': () => ({
      cause: 'Kein Modell ist geladen.',
      next: 'Laden Sie das Modell und versuchen Sie es noch einmal.',
    }),
    'prompt-too-long': () => ({
      cause: 'Der Prompt passt nicht in den Kontext des Modells.',
      next: 'Kürzen Sie die Antwort oder wählen Sie weniger Ziele.',
    }),
    'device-lost': () => ({
      cause:
        'Die Verbindung zur Grafikkarte ging verloren, vielleicht weil der Speicher ausging oder der Treiber neu startete.',
      next: 'Schließen Sie andere Tabs, die die Grafikkarte nutzen, und versuchen Sie es noch einmal. Ihr Text ist noch da.',
    }),
    'worker-crashed': () => ({
      cause: 'Der Modelllauf hat unerwartet aufgehört.',
      next: 'Versuchen Sie es noch einmal. Geschieht es wieder, laden Sie die Seite neu; Ihr Text ist noch da.',
    }),
    'generation-failed': () => ({
      cause: 'Beim Schreiben ist ein Fehler aufgetreten.',
      next: 'Versuchen Sie es noch einmal. Was bis dahin kam, bleibt.',
    }),
  },
};
