import type { Change, Extent } from '../changes.ts';
import type { PresetName } from '../presets.ts';

const number = new Intl.NumberFormat('en');
const percent = new Intl.NumberFormat('en', { style: 'percent' });

function counted(count: number, noun: string): string {
  return `${number.format(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** What one does with an edited answer: changes, versions, links, objectives, comparison; and help and appearance. */
export const workbenchEn = {
  review: {
    layout: 'How to show the changes',
    layouts: { inline: 'Inline', side: 'Side by side', merged: 'Merged' },
    extent: ({ changes, wordsInserted, wordsDeleted, share }: Extent, accepted: number) =>
      `${percent.format(share)} changed: ${counted(wordsInserted, 'word')} in, ${number.format(wordsDeleted)} out. ` +
      (accepted === changes
        ? `${counted(changes, 'change')}.`
        : `${number.format(accepted)} of ${counted(changes, 'change')} accepted.`),
    acceptAll: 'Accept all',
    rejectAll: 'Reject all',
    change: (position: number, { deleted, inserted }: Change) =>
      `Change ${position}: ` +
      (deleted === ''
        ? `“${inserted}” added`
        : inserted === ''
          ? `“${deleted}” removed`
          : `“${deleted}” becomes “${inserted}”`),
    hint: 'Press a change to take it back, and again to accept it. Arrow keys move from one to the next.',
    mergedText: 'Merged text',
    copyMerged: 'Copy merged text',
    continue: 'Continue with this text',
    continued: 'This text is the answer now.',
    soFar: 'Changes so far',
  },

  versions: {
    title: 'Versions',
    start: 'Answer',
    step: (position: number) => `Edit ${position}`,
    stepOf: (position: number, from: number, objectives: string) =>
      `Edit ${position}${from > 0 ? ` of edit ${from}` : ''}: ${objectives}`,
    reopened: (position: number) =>
      position === 0 ? 'The first answer is open.' : `Edit ${position} is open.`,
  },

  share: {
    markdown: 'Markdown',
    json: 'JSON',
    link: 'Copy link',
    linkTooLong: (length: number, limit: number) =>
      `The link would be ${number.format(length)} characters long; beyond ${number.format(limit)}, mail and chat programs cut links. Shorten the texts, or copy as JSON.`,
    fromLink:
      'This text came from a link. Read it first: it stays as it is, and nothing runs, until you press Align.',
    edit: 'Edit it',
    back: 'Back to my text',
    broken:
      'The link is incomplete or was changed on the way, so its text can’t be read. Ask for it again; your own text is untouched.',
  },

  objectiveList: {
    presets: 'Presets',
    presetNames: {
      all: 'All published',
      none: 'None',
      concise: 'Concise and readable',
      truthful: 'Honest and factual',
      helpful: 'Helpful and specific',
      balanced: 'Honest and fair',
      warm: 'Helpful and cheerful',
      evidence: 'Clear evidence',
    } satisfies Record<PresetName, string>,
    ownChoice: 'Own choice',
    arrange: 'Order and own objectives',
    done: 'Done',
    chosen: (chosen: number, offered: number) =>
      `${number.format(chosen)} of ${number.format(offered)} chosen`,
    order: 'Order in the prompt',
    up: (name: string) => `Move ${name} up`,
    down: (name: string) => `Move ${name} down`,
    moved: (name: string, position: number, count: number) =>
      `${name} is now ${number.format(position)} of ${number.format(count)}.`,
    edit: (name: string) => `Edit ${name}`,
    editShort: 'Edit',
    sentence: (name: string) => `Sentence of ${name}`,
    save: 'Save',
    cancel: 'Cancel',
    removed: (name: string) => `${name} is removed.`,
    undo: 'Undo',
    import: 'Import…',
    export: 'Export',
    nameHint: 'An objective is known by the word before its colon.',
    imported: (added: number, known: number) =>
      `${counted(added, 'objective')} added${known > 0 ? `, ${number.format(known)} known already` : ''}.`,
    importProblem: (file: string, detail: string) =>
      `${file} is not a file of objectives (${detail}). Choose a file that “Export” wrote. Nothing was imported.`,
  },

  compare: {
    intro: 'See what different objectives, or different models, make of the same answer.',
    column: (position: number) => `Column ${position}`,
    add: 'Add a column',
    remove: (position: number) => `Remove column ${position}`,
    model: (position: number) => `Model of column ${position}`,
    deskModel: 'Model of the desk',
    run: 'Compare',
    choose: 'Choose objectives',
    empty: 'Not written yet.',
    waiting: 'Waits for its turn.',
    ends: { length: 'It reached its length limit.', abort: 'It was stopped early.' },
    tooLong: 'The prompt is too long for this model. Shorten the answer or choose fewer objectives.',
    notStarted: 'The model did not load. The model page says why.',
    done: 'All columns are done.',
    ended: 'Not all columns came to an end.',
    progress: (position: number, count: number) => `Column ${position} of ${count} is being written.`,
    take: 'Open on the desk',
    needTexts: 'Fill in query and answer first.',
    needObjectives: (position: number) => `Choose objectives for column ${position}.`,
  },

  help: {
    title: 'Help',
    open: 'Help',
    what: 'Paste a query and an answer, choose what the answer should do better, and press Align. The model rewrites the answer here, in your browser. Then take the changes you like.',
    shortcuts: 'Keyboard shortcuts',
    align: 'Align',
    stop: 'Stop the run',
    help: 'This help',
    changes: 'From one change to the next',
    toggle: 'Accept or take back the change',
    keys: {
      ctrl: 'Ctrl',
      cmd: '⌘',
      enter: 'Enter',
      escape: 'Esc',
      question: '?',
      arrows: '← →',
      space: 'Space',
    },
    singleKeys: 'Use shortcuts of a single key (?)',
  },

  appearance: {
    theme: 'Appearance',
    themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
    language: 'Language',
    asBrowser: 'As the browser',
  },
};
