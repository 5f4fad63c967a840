import { write, type Told } from './told.ts';

/** How the bytes of a file are not those that were announced. Sizes in bytes, digests in hex. */
export const damageEn = {
  'other-length': ({ file, found, announced }: { file: string; found: number; announced: number }) =>
    `${file} arrived damaged: it has ${found} bytes instead of ${announced}.`,
  'other-digest': ({ file, algorithm, found, announced }: { file: string } & Mismatch) =>
    `${file} arrived damaged: its ${algorithm} is ${found} instead of ${announced}.`,
  'longer-than-announced': ({ file, announced }: { file: string; announced: number }) =>
    `${file} is longer than ${announced} bytes.`,
  /** `offered` is undefined where the server does not say it. */
  'other-length-offered': ({ file, offered, announced }: OtherLength) =>
    `The server offers ${file} with ${offered ?? 'other'} bytes instead of ${announced}.`,
};

interface OtherLength {
  file: string;
  offered: number | undefined;
  announced: number;
}

/** A digest that is another one than was announced; hex. */
export interface Mismatch {
  readonly algorithm: 'MD5' | 'SHA-256';
  readonly found: string;
  readonly announced: string;
}

/** What a manifest or configuration says that can't be. */
export const manifestEn = {
  'listed-twice': ({ field, shard }: { field: string; shard: string }) =>
    `${field}: ${shard} is listed twice`,
  'beyond-shard': ({ field, tensor, shard }: { field: string; tensor: string; shard: string }) =>
    `${field}: tensor "${tensor}" ends after the end of ${shard}`,
  'too-large': ({ total }: { total: number }) =>
    `the shards add up to ${total} bytes, more than any model has`,
  'no-tokenizer':
    'tokenizer_files: names neither tokenizer.json nor tokenizer.model, so the engine cannot read it',
  /** `detail` is what the schema says. */
  field: ({ field, detail }: { field: string | undefined; detail: string }) =>
    `${field ?? 'the file'}: ${detail}`,
};

interface OfFile {
  file: string;
}

/** Whatever can go wrong with stored models: each says the file, the cause and the next step. Sizes in bytes. */
export const weightsEn = {
  ...damageEn,
  'in-vain': ({ damage, times }: { file: string; damage: Told<typeof damageEn>; times: number }) =>
    `${write(damageEn, damage)} It was fetched ${times} times: the server's copy differs from what tensor-cache.json or the registry announces. The other files are kept; resume later or tell the publisher of the model.`,
  'other-version': ({ file, found, announced }: { file: string; found: string; announced: string }) =>
    `${file} has the SHA-256 ${found} where the registry announces ${announced}. The server has another version of the model than this page expects: reload the page, or tell its publisher.`,

  'bad-manifest': ({ file, fault }: { file: string; fault: Told<typeof manifestEn> }) =>
    `${file} does not describe a usable model build (${write(manifestEn, fault)}). Nothing was stored. Check the address of the model, or convert it again.`,
  'library-without-name': ({ address }: { address: string }) =>
    `The address of the model library, ${address}, ends in no file name.`,
  'no-plain-name': ({ file }: OfFile) => `${file} is no plain file name.`,
  'listed-as-shard': ({ file, shard }: { file: string; shard: string }) =>
    `${file} lists ${shard} as a shard.`,
  'no-checksum': ({ file, shard }: { file: string; shard: string }) =>
    `${file} gives no md5sum for ${shard}, so its bytes could not be verified. Convert the model again.`,
  'wrong-content': ({ file, page, wanted }: { file: string; page: boolean; wanted: string }) =>
    `For ${file} the server sent ${page ? `a web page instead of ${wanted}` : `something that is not ${wanted}`}. The address of the model is probably wrong, or a login page is in between.`,
  'web-page': ({ file }: OfFile) =>
    `For ${file} the server sent a web page. The address of the model is probably wrong, or a login page is in between.`,
  'too-large': ({ file }: OfFile) => `${file} is larger than 32 MB, which no such file is.`,

  'busy-server': ({ file, status }: { file: string; status: number }) =>
    `The server answered ${status} for ${file}. It may be overloaded: resume later, what was downloaded is kept.`,
  'login-wanted': ({ file, status }: { file: string; status: number }) =>
    `The server answered ${status} for ${file}. It wants a login or a licence to be accepted, which this page cannot do. Download the files yourself and add them from a folder.`,
  'not-there': ({ file, status }: { file: string; status: number }) =>
    `The server answered ${status} for ${file}. The model build is incomplete there, or its address is wrong.`,
  'no-cors': ({ file, host }: { file: string; host: string }) =>
    `${host} does not let other sites read ${file} (it sends no Access-Control-Allow-Origin header). Use a server that does, or download the files and add them from a folder.`,
  'ended-early': ({ file, received, announced }: { file: string; received: number; announced: number }) =>
    `The server ended ${file} after ${received} of ${announced} bytes. Resume to fetch the rest.`,
  'connection-broke': ({ file }: OfFile) =>
    `${file} could not be downloaded: the connection broke. Check the connection and resume; what was downloaded is kept.`,
  stalled: ({ file }: OfFile) =>
    `${file} could not be downloaded: the server stopped sending. Check the connection and resume; what was downloaded is kept.`,
  'server-unreachable': ({ file }: OfFile) =>
    `${file} could not be downloaded: the server cannot be reached. Check the connection and resume; what was downloaded is kept.`,
  'no-network': ({ file }: OfFile) =>
    `${file} could not be downloaded: there is no network. Check the connection and resume; what was downloaded is kept.`,

  'no-room': ({ needed, free, missing }: { needed: number; free: number; missing: number }) =>
    `The download needs ${megabytes(needed)} MB more and the browser has room for about ${megabytes(free)} MB: ${megabytes(missing)} MB are missing. Free some disk space or delete another model; what is stored is kept.`,
  'quota-exceeded':
    'The browser has no more room for this site. What was downloaded is kept: free some disk space or delete another model, then resume.',
  'storage-refused': ({ detail }: { detail: string }) =>
    `The browser refused to store the model (${detail}). Private windows and blocked site data do that: open the page in a normal window and allow it to keep data.`,
  'store-stopped': ({ detail }: { detail: string }) =>
    `The part of the page that keeps the models stopped${detail === '' ? '' : `: ${detail}`}. Reload the page; what was downloaded is kept.`,

  stopped: 'Stopped. What was downloaded is kept.',
  'worked-on': 'The model is being downloaded or checked, perhaps in another tab. Stop that first.',
  'worked-on-here': 'This tab works on the model already.',
  'at-work': 'A run is under way. Wait for its end or stop it, then delete the model.',
  loaded: 'The model is loaded in another tab of this page. Close that tab, then delete the model.',

  'no-build': 'There is no ready-made build of this model: convert its checkpoint.',
  'no-address': ({ file }: OfFile) => `There is no address for ${file}.`,
  'convert-again': ({ file }: OfFile) =>
    `${file} is damaged or missing, and the model was converted in this browser: convert it again.`,
  unfinished: ({ file }: OfFile) => `${file} was not finished. Run the conversion again.`,
  'missing-for-saving': ({ file }: OfFile) =>
    `${file} is missing from the stored model, so it was not saved. Use "Check files" first.`,
  'missing-for-loading': ({ file }: OfFile) =>
    `${file} is missing from the stored model. Use "Check files" to fetch it again.`,
  'not-stored': 'The model was downloaded but is not stored. Try again.',
};

/** Millions of bytes, rounded up. */
function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
