import type { workbenchEn } from './workbench.en.ts';

const number = new Intl.NumberFormat('de');
const percent = new Intl.NumberFormat('de', { style: 'percent' });

function counted(count: number, one: string, many: string): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}

export const workbenchDe: typeof workbenchEn = {
  review: {
    layout: 'Darstellung der Änderungen',
    layouts: { inline: 'Im Text', side: 'Nebeneinander', merged: 'Ergebnis' },
    extent: ({ changes, wordsInserted, wordsDeleted, share }, accepted) =>
      `${percent.format(share)} geändert: ${counted(wordsInserted, 'Wort', 'Wörter')} neu, ${number.format(wordsDeleted)} entfernt. ` +
      (accepted === changes
        ? `${counted(changes, 'Änderung', 'Änderungen')}.`
        : `${number.format(accepted)} von ${counted(changes, 'Änderung', 'Änderungen')} angenommen.`),
    acceptAll: 'Alle annehmen',
    rejectAll: 'Alle ablehnen',
    change: (position, { deleted, inserted }) =>
      `Änderung ${position}: ` +
      (deleted === ''
        ? `„${inserted}“ eingefügt`
        : inserted === ''
          ? `„${deleted}“ entfernt`
          : `„${deleted}“ wird „${inserted}“`),
    hint: 'Ein Druck auf eine Änderung nimmt sie zurück, ein zweiter nimmt sie an. Pfeiltasten führen von einer zur nächsten.',
    mergedText: 'Zusammengeführter Text',
    copyMerged: 'Ergebnis kopieren',
    continue: 'Mit diesem Text weitermachen',
    continued: 'Dieser Text ist jetzt die Antwort.',
    soFar: 'Änderungen bisher',
  },

  versions: {
    title: 'Fassungen',
    start: 'Antwort',
    step: (position) => `Fassung ${position}`,
    stepOf: (position, from, objectives) =>
      `Fassung ${position}${from > 0 ? ` aus Fassung ${from}` : ''}: ${objectives}`,
    reopened: (position) =>
      position === 0 ? 'Die erste Antwort ist geöffnet.' : `Fassung ${position} ist geöffnet.`,
  },

  share: {
    markdown: 'Markdown',
    json: 'JSON',
    link: 'Link kopieren',
    linkTooLong: (length, limit) =>
      `Der Link hätte ${number.format(length)} Zeichen; ab ${number.format(limit)} schneiden Mail- und Chatprogramme Links ab. Kürzen Sie die Texte oder kopieren Sie das Ergebnis als JSON.`,
    fromLink:
      'Dieser Text kam mit einem Link. Lesen Sie ihn zuerst: Er bleibt, wie er ist, und nichts läuft, bis Sie „Anpassen“ drücken.',
    edit: 'Bearbeiten',
    back: 'Zurück zu meinem Text',
    broken:
      'Der Link ist unvollständig oder wurde unterwegs verändert; sein Text ist nicht lesbar. Lassen Sie ihn sich noch einmal schicken. Ihr eigener Text ist unberührt.',
  },

  objectiveList: {
    presets: 'Vorlagen',
    presetNames: {
      all: 'Alle veröffentlichten',
      none: 'Keine',
      concise: 'Knapp und lesbar',
      truthful: 'Ehrlich und sachlich richtig',
      helpful: 'Hilfreich und konkret',
      balanced: 'Ehrlich und ausgewogen',
      warm: 'Hilfreich und heiter',
      evidence: 'Klare Belege',
    },
    ownChoice: 'Eigene Auswahl',
    arrange: 'Reihenfolge und eigene Ziele',
    done: 'Fertig',
    chosen: (chosen, offered) => `${number.format(chosen)} von ${number.format(offered)} gewählt`,
    order: 'Reihenfolge im Prompt',
    up: (name) => `${name} nach oben`,
    down: (name) => `${name} nach unten`,
    moved: (name, position, count) =>
      `${name} ist jetzt ${number.format(position)} von ${number.format(count)}.`,
    edit: (name) => `${name} bearbeiten`,
    editShort: 'Bearbeiten',
    sentence: (name) => `Satz zu ${name}`,
    save: 'Sichern',
    cancel: 'Abbrechen',
    removed: (name) => `${name} ist entfernt.`,
    undo: 'Rückgängig',
    import: 'Importieren…',
    export: 'Exportieren',
    nameHint: 'Ein Ziel heißt nach dem Wort vor seinem Doppelpunkt.',
    imported: (added, known) =>
      `${counted(added, 'Ziel', 'Ziele')} hinzugefügt${known > 0 ? `, ${number.format(known)} schon bekannt` : ''}.`,
    importProblem: (file, detail) =>
      `${file} ist keine Datei mit Zielen (${detail}). Wählen Sie eine Datei, die „Exportieren“ geschrieben hat. Nichts wurde importiert.`,
  },

  compare: {
    intro: 'Sehen Sie, was verschiedene Ziele oder Modelle aus derselben Antwort machen.',
    column: (position) => `Spalte ${position}`,
    add: 'Spalte hinzufügen',
    remove: (position) => `Spalte ${position} entfernen`,
    model: (position) => `Modell von Spalte ${position}`,
    deskModel: 'Modell des Schreibtischs',
    run: 'Vergleichen',
    choose: 'Ziele wählen',
    empty: 'Noch nicht geschrieben.',
    waiting: 'Wartet, bis sie an der Reihe ist.',
    ends: { length: 'Sie hat ihre Höchstlänge erreicht.', abort: 'Sie wurde vorher angehalten.' },
    tooLong:
      'Der Prompt ist für dieses Modell zu lang. Kürzen Sie die Antwort oder wählen Sie weniger Ziele.',
    notStarted: 'Das Modell wurde nicht geladen. Die Modellseite sagt, warum.',
    done: 'Alle Spalten sind fertig.',
    ended: 'Nicht alle Spalten sind fertig geworden.',
    progress: (position, count) => `Spalte ${position} von ${count} wird geschrieben.`,
    take: 'Auf dem Schreibtisch öffnen',
    needTexts: 'Füllen Sie zuerst Anfrage und Antwort aus.',
    needObjectives: (position) => `Wählen Sie Ziele für Spalte ${position}.`,
  },

  help: {
    title: 'Hilfe',
    open: 'Hilfe',
    what: 'Fügen Sie eine Anfrage und eine Antwort ein, wählen Sie, was die Antwort besser machen soll, und drücken Sie „Anpassen“. Das Modell überarbeitet die Antwort hier, in Ihrem Browser. Dann nehmen Sie die Änderungen, die Ihnen gefallen.',
    shortcuts: 'Tastenkürzel',
    align: 'Anpassen',
    stop: 'Anhalten',
    help: 'Diese Hilfe',
    changes: 'Von einer Änderung zur nächsten',
    toggle: 'Änderung annehmen oder zurücknehmen',
    keys: {
      ctrl: 'Strg',
      cmd: '⌘',
      enter: 'Eingabe',
      escape: 'Esc',
      question: '?',
      arrows: '← →',
      space: 'Leertaste',
    },
    singleKeys: 'Kürzel mit nur einer Taste verwenden (?)',
  },

  appearance: {
    theme: 'Erscheinungsbild',
    themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
    language: 'Sprache',
    asBrowser: 'Wie der Browser',
  },
};
