import type { modelsEn } from './models.en.ts';

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
    `Prompts wie bei ${family} · ${quantization} · Lizenz: ${licence}`,
  demo: 'Demo, nicht MetaAligner',
  states: {
    unknown: 'Wird nachgesehen…',
    missing: 'Nicht heruntergeladen',
    ready: 'Offline bereit',
    readyOnline: 'Heruntergeladen; die Seite selbst liegt noch nicht für den Gebrauch ohne Netz bereit',
  },
  partial: (loaded, total) => `${size(loaded)} von ${size(total)} sind da`,
  outdated: 'Eine ältere Fassung ist da und läuft, bis eine neuere vollständig ist.',
  noDownload:
    'Von diesem Modell gibt es keinen fertigen Build zum Herunterladen: Wandeln Sie seinen veröffentlichten Checkpoint um.',
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
  outcomes: {
    downloaded: 'Heruntergeladen, geprüft und gespeichert.',
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
