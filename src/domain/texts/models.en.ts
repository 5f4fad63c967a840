import type { AddingProblem } from '../model-adding.ts';
import type { Shortfall } from '../model-choice.ts';

const number = new Intl.NumberFormat('en');
const decimals = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const list = new Intl.ListFormat('en');

/** Bytes in the unit that suits them. */
function size(bytes: number): string {
  return bytes >= 1e9 ? `${decimals.format(bytes / 1e9)} GB` : `${decimals.format(bytes / 1e6)} MB`;
}

/** Words of the model page. */
export const modelsEn = {
  note: 'A model is downloaded once, checked byte for byte and kept in this browser. From then on it starts without a network.',
  room: (usage: number, quota: number) =>
    `This page keeps ${size(usage)}; the browser allows it ${size(quota)}.`,
  persistent: 'The browser has promised to keep it.',
  notPersistent:
    'The browser may delete it when the device runs short of space. Installing the page or bookmarking it often changes that.',
  size,
  facts: (family: string, quantization: string, licence: string) =>
    `Prompts as in ${family} · ${quantization}${licence === '' ? '' : ` · licence: ${licence}`}`,
  demo: 'Demo, not MetaAligner',
  states: {
    unknown: 'Looking…',
    missing: 'Not downloaded',
    unconverted: 'Not here yet',
    ready: 'Ready offline',
    readyOnline: 'Downloaded; the page itself is not kept for offline use yet',
  },
  partial: (loaded: number, total: number) => `${size(loaded)} of ${size(total)} are here`,
  outdated: 'An older version is here and works until a newer one is complete.',
  download: 'Download',
  resume: 'Resume',
  update: 'Update',
  pause: 'Pause',
  discard: 'Cancel and delete',
  check: 'Check files',
  remove: 'Delete',
  removeForGood: (bytes: number) => `Delete ${size(bytes)} for good`,
  keep: 'Keep',
  /** What a button does, with the model it does it to. */
  named: (action: string, model: string) => `${action}: ${model}`,

  recommended: 'Recommended for this device',
  chosen: 'In use',
  use: 'Use this model',
  build: 'Build',
  context: 'Context',
  tokens: (count: number) => `${number.format(count)} tokens`,
  memory: (bytes: number) => `about ${size(bytes)} of graphics memory`,
  wontRun: 'This will probably not run here. You can try all the same.',
  shortfall: (shortfall: Shortfall) => {
    if (shortfall.kind === 'feature')
      return `It needs the WebGPU feature ${shortfall.name}, which this browser or its graphics card does not offer.`;
    const amount = (value: number): string =>
      shortfall.name.endsWith('Size') ? size(value) : number.format(value);
    return `It needs a ${shortfall.name} of ${amount(shortfall.needs)}; here there are ${amount(shortfall.has)}.`;
  },
  onlyBuild: 'No other build of this model can be made: its library exists in this precision only.',
  line: (name: string, bytes: number, ready: boolean) =>
    `${name} · ${size(bytes)}${ready ? ' · ready offline' : ''}`,
  getIt: 'Get it on the Models page',

  getNamed: (model: string) => `Get ${model}`,
  fromHubHint: (repository: string, traffic: number, kept: number) =>
    `From the Hub: reads the published checkpoint ${repository}, ${size(traffic)} of traffic, and makes the build of ${size(kept)} while it comes. Only the build is kept. It can be paused, also by closing the page, and goes on where it stood.`,
  fromHub: 'Convert from the Hub',
  resumeConversion: 'Go on with the Hub',
  fromFilesHint:
    'From this device: a folder with the checkpoint (config.json and its weight files) or with a finished build (mlc-chat-config.json and its shards). It can also be dropped here. Nothing is sent anywhere.',
  tokenizerHint: (address: string) =>
    `A checkpoint without a tokenizer gets LLaMA-2’s, fetched from ${address}. That address learns nothing of the checkpoint or of your texts.`,
  fromFolder: 'Choose a folder…',
  fromFiles: 'Choose files…',
  converting: 'Converting',
  conversion: 'Model conversion',
  partlyConverted: (bytes: number) => `${size(bytes)} of an unfinished conversion are here`,
  saveArchive: 'Save as archive',
  saveInFolder: 'Save into a folder…',

  faulty: 'Some entries of the list of models could not be read:',
  add: {
    heading: 'Add a model',
    note: 'Any build of a LLaMA in MLC’s format, or the page of a checkpoint on the Hugging Face Hub.',
    address: 'Address',
    addressHint: 'Of the folder that holds mlc-chat-config.json, or https://huggingface.co/owner/name.',
    name: 'Name',
    family: 'Prompt format',
    library: 'Model library (optional)',
    libraryHint:
      'Address of a .wasm compiled for this shape. Left empty, a known one of the same shape is taken.',
    submit: 'Add',
    added: (name: string) => `${name} is in the list.`,
    problem: (problem: AddingProblem) => {
      switch (problem.kind) {
        case 'bad-address':
          return 'This is no address and name that can be used. Write the address in full, beginning with https://, and a name with letters in it.';
        case 'same-name':
          return 'There is a model of this name already. Give it another one.';
        case 'bad-config':
          return `What lies there can’t be used: ${problem.detail}.`;
        case 'no-library':
          return 'No known model library fits this shape and quantisation. Give the address of one that was compiled for it.';
      }
    },
  },
  forget: 'Take off the list',

  outcomes: {
    downloaded: 'Downloaded, checked and stored.',
    converted: 'Made and stored. It starts without a network from now on.',
    saved: 'Saved. The folder can be put on a server or carried to another machine.',
    removed: 'Deleted. Nothing of it is left in this browser.',
    discarded: 'The unfinished download was deleted.',
    sound: 'Every file is as it should be.',
  },
  repaired: (files: readonly string[]) =>
    `${list.format(files)} ${files.length === 1 ? 'was' : 'were'} damaged or missing and ${files.length === 1 ? 'has' : 'have'} been fetched again.`,
  updateReady: 'A newer version of this page is here.',
  takeUpdate: 'Reload with it',
  updateBusy: 'A run is under way: take it when the run is over.',
};
