import type { Browser } from '../browser.ts';
import type { HistoryFileProblem } from '../history.ts';
import type { TokenBudget } from '../token-budget.ts';
import { batchEn } from './batch.en.ts';
import { conversionEn } from './conversion.en.ts';
import { modelsEn } from './models.en.ts';
import { weightsEn } from './weights.en.ts';
import { workbenchEn } from './workbench.en.ts';

/** Where WebGPU is to be had, for whoever is on this browser. */
function webgpuAdvice({ name, platform }: Browser): string {
  if (platform === 'ios') return 'On iPhone and iPad, update to iOS 26 or later: Safari 26 brings WebGPU.';
  if (platform === 'android') return 'On Android, use Chrome 121 or later.';
  switch (name) {
    case 'firefox':
      return platform === 'linux'
        ? 'Firefox on Linux has no WebGPU yet: open this page in Chrome or Edge.'
        : 'Update Firefox (141 or later on Windows, 145 or later on Macs with Apple silicon), or open this page in Chrome or Edge.';
    case 'safari':
      return 'Update to macOS 26 and Safari 26, or open this page in Chrome or Edge.';
    case 'chrome':
    case 'edge':
      return 'Update the browser to version 113 or later, and switch on “Use graphics acceleration when available” in its system settings.';
    case 'other':
      return 'Open this page in a current Chrome, Edge, Safari or Firefox.';
  }
}

function adapterAdvice({ name, platform }: Browser): string {
  if ((name === 'chrome' || name === 'edge') && platform === 'linux')
    return 'On Linux, open chrome://gpu to see why; updating the graphics driver or starting the browser with --enable-features=Vulkan often helps.';
  if (name === 'chrome' || name === 'edge')
    return 'Switch on “Use graphics acceleration when available” in the browser’s system settings, update the graphics driver and restart the browser.';
  return 'Update the graphics driver and restart the browser, or open this page in Chrome or Edge.';
}

const number = new Intl.NumberFormat('en');
const dateAndTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const decimals = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A person's text as part of a name: enough to tell one from another. */
function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

export const en = {
  appName: 'MetaAligner Web',
  tagline: 'Edit an answer so that it meets the objectives you choose.',
  privacy: 'Everything runs in this browser. Nothing you paste leaves this device.',

  screens: 'Screens',
  viewNames: { desk: 'Desk', compare: 'Compare', batch: 'Batch', history: 'History', models: 'Models' },

  queryLabels: { Query: 'Query', Context: 'Context', Question: 'Question' },
  queryPlaceholder: 'What was asked',
  answerLabel: 'Answer',
  answerPlaceholder: 'Paste the answer that you want improved',
  tryExample: 'Try an example',
  clear: 'Clear',

  objectives: 'Objectives',
  objectivesHint: 'Point at an objective to read what it asks for. They go into the prompt in this order.',
  ownObjective: 'Your own objective',
  ownObjectivePlaceholder: 'Politeness: the response should be courteous',
  addObjective: 'Add objective',
  removeObjective: (name: string) => `Remove objective ${name}`,
  objectiveExists: 'This objective is already in the list.',

  align: 'Align',
  alignKeys: (modifier: string) => `${modifier} + Enter`,
  stop: 'Stop',
  stopping: 'Stopping…',
  cannotRun: {
    noAnswer: 'Paste an answer first.',
    noQuery: (label: string) => `Fill in “${label}” first.`,
    noObjective: 'Choose at least one objective.',
  },

  model: 'Model',
  modelStates: {
    idle: 'loads when you start',
    downloading: 'downloading…',
    loading: 'loading…',
    ready: 'ready',
    failed: 'not loaded',
  },
  demoNote:
    'A demo of a few megabytes, not MetaAligner: it knows a handful of simple edits and shows that everything works.',
  loadModel: 'Load model',
  cancelLoading: 'Cancel',
  modelLoading: 'Model loading',
  modelDownload: 'Model download',
  downloadPhases: {
    preparing: 'Looking at the files',
    downloading: 'Downloading',
    waiting: 'Waiting for the server',
    checking: 'Checking the files',
  },
  downloaded: (loaded: number, total: number) =>
    `${decimals.format(loaded / 1e6)} of ${decimals.format(total / 1e6)} MB`,
  speed: (bytesPerSecond: number) => `${decimals.format(bytesPerSecond / 1e6)} MB/s`,
  timeLeft: (seconds: number) =>
    seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`,
  phases: {
    starting: 'Starting the engine',
    weights: 'Reading the weights',
    shaders: 'Preparing the graphics programs',
    'self-check': 'Checking the engine on this device',
  },
  modelReady: (name: string) => `${name} is ready.`,
  loadCancelled: 'Loading was cancelled.',
  tryAgain: 'Try again',
  dismiss: 'Dismiss',

  resultColumn: 'Result',
  editedAnswer: 'Edited answer',
  emptyResult: 'The edited answer will appear here.',
  emptyResultHint: 'Paste a query and an answer, choose objectives and press Align, or try the example.',
  working: 'Reading the prompt…',
  noReply: 'The model returned nothing.',
  copy: 'Copy',
  copied: 'Copied.',
  copyFailed: 'The browser refused to copy. Select the text and copy it by hand.',
  finished: {
    stop: 'Done.',
    length:
      'The reply reached its length limit and ends early. “Longest reply” in the settings moves the limit.',
    abort: 'Stopped. What came so far is kept.',
  },
  changes: 'Changes',
  noChanges: 'The model left the answer as it was.',
  published: 'Published response',
  publishedNote: (model: string) =>
    `What the model card of ${model} prints for this example. Nothing computed here.`,

  ...workbenchEn,

  figures: 'Figures',
  figureNames: {
    promptTokens: 'Prompt',
    replyTokens: 'Reply',
    timeToFirstToken: 'First token after',
    prefill: 'Reading',
    decode: 'Writing',
    total: 'Total',
    decoding: 'Decoding',
  },
  editShaped: (tokensPerStep: number) => `edit-shaped, ${decimals.format(tokensPerStep)} tokens a step`,
  ordinary: {
    'switched-off': 'one token a step: edit-shaped decoding is switched off in the settings',
    temperature: 'one token a step: edit-shaped decoding needs temperature 0',
    unavailable: 'one token a step: this model’s library lacks what edit-shaped decoding needs',
    'self-check-failed': 'one token a step: this device failed the check for edit-shaped decoding',
  },
  tokens: (count: number) => `${number.format(count)} ${count === 1 ? 'token' : 'tokens'}`,
  seconds: (value: number) => `${decimals.format(value)} s`,
  tokensPerSecond: (value: number) => `${decimals.format(value)} tokens/s`,
  dateTime: (at: string) => dateAndTime.format(new Date(at)),

  prompt: 'Prompt',
  promptShow: 'Exact prompt',
  promptTokensUnknown: 'Its tokens are counted once the model is loaded.',

  settings: 'Settings',
  close: 'Close',
  settingTemperature: 'Temperature',
  settingTemperatureHint: '0 always takes the likeliest word (greedy), as on the model card.',
  settingMaxNewTokens: 'Longest reply (tokens)',
  settingMaxNewTokensHint: 'The model card uses 1,024. This room is kept free in the model’s context.',
  settingEditShaped: 'Edit-shaped decoding',
  settingEditShapedHint:
    'Guesses the next words from the answer and checks them all at once: the same text, faster.',
  settingFamily: 'Prompt format',
  settingFamilyHint: 'Which prompt and objectives to use. A model works best with the one it was trained on.',
  settingFamilyOfModel: (name: string) => `As the model was trained (${name})`,
  resetSettings: 'Reset to defaults',

  notKept: {
    full: 'The browser has no room left to keep what you do here. Everything goes on working, but new history and drafts are gone once this page is closed. Delete history or a model, or free space on this device.',
    refused:
      'This browser keeps nothing for this page (a private window, or site data is blocked). Everything works, but history, drafts and settings are gone once this page is closed.',
  },

  models: modelsEn,
  weights: weightsEn,
  conversion: conversionEn,

  batch: batchEn,

  history: {
    note: 'Finished alignments stay in this browser, the newest 500 of them. Nobody else sees them.',
    keep: 'Keep finished alignments',
    search: 'Search history',
    import: 'Import…',
    export: 'Export all',
    removeAll: 'Delete all',
    undo: 'Undo',
    empty:
      'Nothing here yet. Each answer you align on the desk is kept here with its objectives and figures, so that you can find it again and reopen it.',
    emptyOff: 'Nothing is kept, because “Keep finished alignments” is switched off.',
    nothingFound: (search: string) => `Nothing in the history holds “${search}”.`,
    count: (found: number, all: number) =>
      found === all ? `${number.format(all)} kept` : `${number.format(found)} of ${number.format(all)}`,
    reopen: 'Reopen',
    reopenNamed: (query: string) => `Reopen “${shortened(query)}”`,
    remove: 'Delete',
    removeNamed: (query: string) => `Delete “${shortened(query)}”`,
    locked: 'The desk is busy. Wait for the run to end, or stop it.',
    removed: (count: number) =>
      count === 1 ? 'One alignment deleted.' : `${number.format(count)} alignments deleted.`,
    restored: (count: number) =>
      count === 1 ? 'One alignment is back.' : `${number.format(count)} alignments are back.`,
    ended: { length: 'reached its length limit', abort: 'stopped early' },
    imported: (file: string, count: number) =>
      count === 0
        ? `${file}: every alignment in it was here already.`
        : `${file}: ${count === 1 ? 'one alignment' : `${number.format(count)} alignments`} added.`,
    importProblem: (file: string, problem: HistoryFileProblem) => {
      switch (problem.kind) {
        case 'not-json':
          return `${file} is not JSON (${problem.detail}). Choose a file that “Export all” wrote. Nothing was imported.`;
        case 'other-file':
          return `${file} is not an exported history (${problem.detail}). Choose a file that “Export all” wrote. Nothing was imported.`;
        case 'newer':
          return `${file} was written by a newer release of this page (format ${problem.version}). Reload the page to update it and try again. Nothing was imported.`;
        case 'entry':
          return `${file}: alignment ${number.format(problem.entry)} is damaged: ${problem.detail}. Correct or remove it and try again. Nothing was imported.`;
      }
    },
  },

  tooLong: ({ promptTokens, contextWindow, maxNewTokens, excess }: TokenBudget) =>
    `The prompt is too long: ${number.format(promptTokens)} tokens. This model reads ${number.format(contextWindow)}, ` +
    `of which ${number.format(maxNewTokens)} are kept for the reply: ${number.format(excess)} too many. ` +
    'Shorten the answer, choose fewer objectives or lower “Longest reply” in the settings.',

  errors: {
    'insecure-context': () => ({
      cause: 'The browser only gives a page the graphics card over a secure connection.',
      next: 'Open this page over https:// or on localhost.',
    }),
    'no-webgpu': (browser: Browser) => ({
      cause: 'This browser has no WebGPU, which the model needs to run.',
      next: webgpuAdvice(browser),
    }),
    'no-adapter': (browser: Browser) => ({
      cause: 'The browser has WebGPU but offers no graphics adapter.',
      next: adapterAdvice(browser),
    }),
    'missing-feature': () => ({
      cause: 'The graphics adapter lacks a feature that this model build needs.',
      next: 'Choose another model or build, or try another device.',
    }),
    'out-of-memory': () => ({
      cause: 'The graphics memory is too small for this model.',
      next: 'Close other tabs and programs, or choose a smaller model.',
    }),
    network: () => ({
      cause: 'A file of the model could not be fetched.',
      next: 'Check the connection and try again; what was fetched already is kept.',
    }),
    'load-failed': () => ({
      cause: 'The model could not be loaded.',
      next: 'Try again. If it fails the same way, reload the page.',
    }),
    'not-loaded': () => ({ cause: 'No model is loaded.', next: 'Load the model and try again.' }),
    'prompt-too-long': () => ({
      cause: 'The prompt does not fit into the model’s context.',
      next: 'Shorten the answer or choose fewer objectives.',
    }),
    'device-lost': () => ({
      cause:
        'The connection to the graphics card was lost, perhaps because memory ran out or the driver restarted.',
      next: 'Close other tabs that use the graphics card and try again. Your text is still here.',
    }),
    'worker-crashed': () => ({
      cause: 'The engine stopped unexpectedly.',
      next: 'Try again. If it happens again, reload the page; your text is still here.',
    }),
    'generation-failed': () => ({
      cause: 'The engine failed while writing.',
      next: 'Try again. What came so far is kept.',
    }),
  },
};

/** Every language has exactly these texts. */
export type Texts = typeof en;
