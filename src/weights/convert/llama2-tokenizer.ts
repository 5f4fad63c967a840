import { isOffline } from '../back-off.ts';
import { blobFile } from '../checkpoint/blob-source.ts';
import { ConversionError, type ConversionReason } from '../checkpoint/errors.ts';
import { fetchBody } from '../checkpoint/http-source.ts';
import { isJsonObject, readJsonObject, type JsonObject } from '../checkpoint/source.ts';
import { LLAMA2_VOCABULARY } from './parameters.ts';

const FILE = 'tokenizer.json';

/** Where LLaMA-2's tokenizer.json can be had. The vocabulary is part of LLaMA 2, so the page does not contain it. */
export interface FallbackTokenizer {
  /** An address or the name of a package, for the person. */
  readonly from: string;
  /** @throws ConversionError when it can't be had; the signal's reason when aborted */
  readonly read: (signal?: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;
}

/** Ids in LLaMA-2's vocabulary. Others are as large: "▁You" is 995 in Mistral's. */
const KNOWN_IDS = { '<unk>': 0, '<s>': 1, '</s>': 2, '▁You': 887 };

/** The tokenizer.json at an absolute address. */
export function tokenizerAt(url: string): FallbackTokenizer {
  return {
    from: url,
    async read(signal) {
      // The checkpoint may lie on a disk, and then the person can help without a network.
      if (isOffline())
        throw new ConversionError('read-failed', {
          file: FILE,
          reason: { says: 'connection-failed' },
          next: 'check-connection',
        });
      return new Uint8Array(await fetchBody(FILE, url, signal));
    },
  };
}

/**
 * Reads LLaMA-2's tokenizer.json and makes sure that it is that.
 * @throws ConversionError `bad-tokenizer` that says where it should have come from and why it is not taken
 */
export async function takeLlama2Tokenizer(
  { from, read }: FallbackTokenizer,
  signal?: AbortSignal,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; json: JsonObject }> {
  let because: ConversionReason | undefined;
  let cause: ConversionError | undefined;
  try {
    const bytes = await read(signal);
    const json = await readJsonObject(blobFile(FILE, new Blob([bytes])), signal);
    because = findMisfit(json);
    if (!because) return { bytes, json };
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    cause = error;
    because = error.details.reason;
  }
  const details = {
    file: FILE,
    reason: { says: 'llama2-not-taken', from },
    because,
    next: 'llama2-tokenizer',
  } as const;
  throw new ConversionError('bad-tokenizer', details, { cause });
}

function findMisfit({ model }: JsonObject): ConversionReason | undefined {
  const vocab = isJsonObject(model) && isJsonObject(model.vocab) ? model.vocab : {};
  const entries = Object.keys(vocab).length;
  if (entries !== LLAMA2_VOCABULARY)
    return { says: 'other-entries', found: entries, wanted: LLAMA2_VOCABULARY };
  for (const [token, id] of Object.entries(KNOWN_IDS))
    if (vocab[token] !== id) return { says: 'other-id', token, id };
  return undefined;
}
