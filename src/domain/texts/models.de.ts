import type { modelsEn } from './models.en.ts';

const number = new Intl.NumberFormat('de');
const decimals = new Intl.NumberFormat('de', { maximumFractionDigits: 1 });
const list = new Intl.ListFormat('de');

function size(bytes: number): string {
  return bytes >= 1e9 ? `${decimals.format(bytes / 1e9)} GB` : `${decimals.format(bytes / 1e6)} MB`;
}

export const modelsDe: typeof modelsEn = {
  note: 'Ein Modell wird einmal heruntergeladen, Byte für Byte geprüft und in diesem Browser aufbewahrt. Von da an startet es ohne Netz.',
  room: (usage, quota) => `Diese Seite belegt ${size(usage)}; der Browser erlaubt ihr ${size(quota)}.`,
  persistent: 'Der Browser hat zugesagt, es aufzubewahren.',
  notPersistent:
    'Der Browser darf es löschen, wenn der Platz auf dem Gerät knapp wird. Die Seite zu installieren oder ein Lesezeichen zu setzen ändert das oft.',
  size,
  facts: (family, quantization, licence) =>
    `Prompts wie bei ${family} · ${quantization}${licence === '' ? '' : ` · Lizenz: ${licence}`}`,
  demo: 'Demo, nicht MetaAligner',
  states: {
    unknown: 'Wird nachgesehen…',
    missing: 'Nicht heruntergeladen',
    unconverted: 'Noch nicht da',
    ready: 'Offline bereit',
    readyOnline: 'Heruntergeladen; die Seite selbst liegt noch nicht für den Gebrauch ohne Netz bereit',
  },
  partial: (loaded, total) => `${size(loaded)} von ${size(total)} sind da`,
  outdated: 'Eine ältere Fassung ist da und läuft, bis eine neuere vollständig ist.',
  download: 'Herunterladen',
  resume: 'Fortsetzen',
  update: 'Aktualisieren',
  pause: 'Unterbrechen',
  discard: 'Abbrechen und löschen',
  check: 'Dateien prüfen',
  remove: 'Löschen',
  removeForGood: (bytes) => `${size(bytes)} endgültig löschen`,
  keep: 'Behalten',
  named: (action, model) => `${action}: ${model}`,

  recommended: 'Für dieses Gerät empfohlen',
  chosen: 'In Gebrauch',
  use: 'Dieses Modell verwenden',
  build: 'Build',
  context: 'Kontext',
  tokens: (count) => `${number.format(count)} Token`,
  memory: (bytes) => `etwa ${size(bytes)} Grafikspeicher`,
  wontRun: 'Das läuft hier wahrscheinlich nicht. Sie können es trotzdem versuchen.',
  shortfall: (shortfall) => {
    if (shortfall.kind === 'feature')
      return `Es braucht die WebGPU-Fähigkeit ${shortfall.name}, die dieser Browser oder seine Grafikkarte nicht hat.`;
    const amount = (value: number): string =>
      shortfall.name.endsWith('Size') ? size(value) : number.format(value);
    return `Es braucht ${shortfall.name} von ${amount(shortfall.needs)}; hier sind es ${amount(shortfall.has)}.`;
  },
  onlyBuild:
    'Einen anderen Build dieses Modells gibt es nicht: Seine Bibliothek liegt nur in dieser Genauigkeit vor.',
  line: (name, bytes, ready) => `${name} · ${size(bytes)}${ready ? ' · offline bereit' : ''}`,
  getIt: 'Auf der Seite „Modelle“ holen',

  getNamed: (model) => `${model} holen`,
  fromHubHint: (repository, traffic, kept) =>
    `Vom Hub: liest den veröffentlichten Checkpoint ${repository}, ${size(traffic)} Datenverkehr, und stellt währenddessen den Build von ${size(kept)} her. Nur der Build wird aufbewahrt. Es lässt sich unterbrechen, auch durch Schließen der Seite, und geht weiter, wo es stand.`,
  fromHub: 'Vom Hub umwandeln',
  resumeConversion: 'Vom Hub weiter umwandeln',
  fromFilesHint:
    'Von diesem Gerät: ein Ordner mit dem Checkpoint (config.json und seine Gewichtsdateien) oder mit einem fertigen Build (mlc-chat-config.json und seine Shards). Er kann auch hier abgelegt werden. Nichts wird irgendwohin gesendet.',
  tokenizerHint: (address) =>
    `Ein Checkpoint ohne Tokenizer bekommt den von LLaMA-2, geholt von ${address}. Dort erfährt niemand etwas vom Checkpoint oder von Ihren Texten.`,
  fromFolder: 'Ordner wählen…',
  fromFiles: 'Dateien wählen…',
  converting: 'Wird umgewandelt',
  conversion: 'Umwandlung des Modells',
  partlyConverted: (bytes) => `${size(bytes)} einer unfertigen Umwandlung sind da`,
  saveArchive: 'Als Archiv speichern',
  saveInFolder: 'In einen Ordner speichern…',

  faulty: 'Einige Einträge der Modellliste waren nicht zu lesen:',
  add: {
    heading: 'Ein Modell hinzufügen',
    note: 'Jeder Build eines LLaMA im Format von MLC, oder die Seite eines Checkpoints auf dem Hugging Face Hub.',
    address: 'Adresse',
    addressHint: 'Des Ordners mit mlc-chat-config.json, oder https://huggingface.co/besitzer/name.',
    name: 'Name',
    family: 'Prompt-Format',
    library: 'Modellbibliothek (freiwillig)',
    libraryHint:
      'Adresse einer .wasm, die für diese Form kompiliert ist. Bleibt sie leer, wird eine bekannte gleicher Form genommen.',
    submit: 'Hinzufügen',
    added: (name) => `${name} steht in der Liste.`,
    problem: (problem) => {
      switch (problem.kind) {
        case 'bad-address':
          return 'Adresse und Name sind so nicht zu gebrauchen. Schreiben Sie die Adresse ganz, mit https:// am Anfang, und einen Namen mit Buchstaben.';
        case 'same-name':
          return 'Ein Modell dieses Namens gibt es schon. Geben Sie ihm einen anderen.';
        case 'bad-config':
          return `Was dort liegt, ist nicht zu gebrauchen: ${problem.detail}.`;
        case 'no-library':
          return 'Keine bekannte Modellbibliothek passt zu Form und Quantisierung. Geben Sie die Adresse einer passend kompilierten an.';
      }
    },
  },
  forget: 'Von der Liste nehmen',

  outcomes: {
    downloaded: 'Heruntergeladen, geprüft und gespeichert.',
    converted: 'Hergestellt und gespeichert. Es startet von nun an ohne Netz.',
    saved:
      'Gespeichert. Der Ordner kann auf einen Server gelegt oder auf einen anderen Rechner gebracht werden.',
    removed: 'Gelöscht. Nichts davon ist noch in diesem Browser.',
    discarded: 'Der unfertige Download wurde gelöscht.',
    sound: 'Jede Datei ist, wie sie sein soll.',
  },
  repaired: (files) =>
    files.length === 1
      ? `${list.format(files)} war beschädigt oder fehlte und wurde neu geholt.`
      : `${list.format(files)} waren beschädigt oder fehlten und wurden neu geholt.`,
  updateReady: 'Eine neuere Fassung dieser Seite ist da.',
  takeUpdate: 'Mit ihr neu laden',
  updateBusy: 'Ein Lauf ist im Gange: Nehmen Sie sie, wenn er vorbei ist.',
};
