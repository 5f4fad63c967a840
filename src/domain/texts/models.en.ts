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
    `Prompts as in ${family} · ${quantization} · licence: ${licence}`,
  demo: 'Demo, not MetaAligner',
  states: {
    unknown: 'Looking…',
    missing: 'Not downloaded',
    ready: 'Ready offline',
    readyOnline: 'Downloaded; the page itself is not kept for offline use yet',
  },
  partial: (loaded: number, total: number) => `${size(loaded)} of ${size(total)} are here`,
  outdated: 'An older version is here and works until a newer one is complete.',
  noDownload: 'There is no ready-made build of this model to download: convert its published checkpoint.',
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
  outcomes: {
    downloaded: 'Downloaded, checked and stored.',
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
