import { ConversionError, type Warn } from '../checkpoint/errors.ts';
import {
  isJsonObject,
  readJsonObject,
  readWhole,
  type JsonObject,
  type Source,
} from '../checkpoint/source.ts';
import { takeLlama2Tokenizer, type FallbackTokenizer } from './llama2-tokenizer.ts';
import { LLAMA2_VOCABULARY, VOCABULARY_SLACK } from './parameters.ts';
import { convertSentencePiece } from './sentencepiece.ts';

/** Files that MLC copies into a build, in the order of its list. */
const TOKENIZER_FILES = [
  'tokenizer.model',
  'tokenizer.json',
  'vocab.json',
  'merges.txt',
  'added_tokens.json',
  'tokenizer_config.json',
] as const;

export interface Tokenizer {
  /** Content of the build's tokenizer files by name, in MLC's order. */
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** tokenizer.json, when there is one. */
  json: JsonObject | undefined;
  /** Entries of it; the vocabulary's size when there is none. */
  size: number;
}

/** What becomes of a checkpoint that has no tokenizer. */
export interface TokenizerWishes {
  /** Whether it is refused: where nothing can be put beside the build later. */
  requireTokenizer?: boolean | undefined;
  /** LLaMA-2's, for a vocabulary of that size. */
  fallbackTokenizer?: FallbackTokenizer | undefined;
}

/**
 * Collects the tokenizer of a checkpoint, makes a tokenizer.json of tokenizer.model where only that is there, or of the
 * fallback where neither is and the vocabulary has LLaMA-2's size, and checks that it fits the vocabulary.
 * @param vocabulary tokens that the build's embedding has
 * @param isCut whether that is fewer than the checkpoint's
 * @throws ConversionError `bad-tokenizer` when the tokenizer belongs to a larger vocabulary, or there is none
 */
export async function readTokenizer(
  source: Source,
  vocabulary: number,
  isCut: boolean,
  warn: Warn,
  signal?: AbortSignal,
  { requireTokenizer, fallbackTokenizer }: TokenizerWishes = {},
): Promise<Tokenizer> {
  const copies = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of TOKENIZER_FILES) {
    const file = source.get(name);
    if (file) copies.set(name, await readWhole(file, signal));
  }
  let json: JsonObject | undefined;
  const jsonFile = source.get('tokenizer.json');
  const model = copies.get('tokenizer.model');
  if (jsonFile) json = await readJsonObject(jsonFile, signal);
  else if (model) {
    json = convertSentencePiece(model);
    copies.set('tokenizer.json', encodeJson(json));
    warn({ says: 'tokenizer-made' });
  } else if (fallbackTokenizer && vocabulary === LLAMA2_VOCABULARY && !copies.has('vocab.json')) {
    const taken = await takeLlama2Tokenizer(fallbackTokenizer, signal);
    json = taken.json;
    copies.set('tokenizer.json', taken.bytes);
    warn({ says: 'llama2-tokenizer', from: fallbackTokenizer.from });
  } else if (requireTokenizer) {
    throw missingTokenizer(vocabulary);
  } else {
    warn({ says: 'no-tokenizer' });
  }
  if (json) {
    const fitting = dropTokens(json, vocabulary, isCut);
    if (fitting.dropped.length > 0) {
      json = fitting.json;
      copies.set('tokenizer.json', encodeJson(json));
      warn({ says: 'tokens-dropped', tokens: fitting.dropped });
    }
  }
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of TOKENIZER_FILES) {
    const bytes = copies.get(name);
    if (bytes) files.set(name, bytes);
  }
  return { files, json, size: json ? countTokens(json, vocabulary) : vocabulary };
}

function missingTokenizer(vocabulary: number): ConversionError {
  const isLlama2 = vocabulary === LLAMA2_VOCABULARY;
  return new ConversionError('bad-tokenizer', {
    file: 'tokenizer.json',
    reason: { says: 'no-tokenizer' },
    because: isLlama2 ? undefined : { says: 'other-vocabulary', vocabulary, wanted: LLAMA2_VOCABULARY },
    next: isLlama2 ? 'llama2-tokenizer' : 'base-tokenizer',
  });
}

function encodeJson(json: JsonObject): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(json, null, 2));
}

function vocabularyOf(json: JsonObject): [token: string, id: unknown][] {
  return isJsonObject(json.model) && isJsonObject(json.model.vocab) ? Object.entries(json.model.vocab) : [];
}

function addedTokens(json: JsonObject): JsonObject[] {
  return Array.isArray(json.added_tokens) ? json.added_tokens.filter(isJsonObject) : [];
}

/**
 * Takes out a few tokens beyond the vocabulary, because text that spells one would become an id that the embedding
 * lacks: all of them where it was cut, else only those that were added to the tokenizer, such as a padding token that
 * the model was never given. More than a few mean another model's tokenizer.
 */
function dropTokens(
  json: JsonObject,
  vocabulary: number,
  isCut: boolean,
): { json: JsonObject; dropped: string[] } {
  const fits = (id: unknown): boolean => typeof id === 'number' && id < vocabulary;
  const beyond = vocabularyOf(json).filter(([, id]) => !fits(id));
  const added = addedTokens(json);
  const lost = new Set(beyond.map(([token]) => token));
  const dropped = new Set(added.filter(({ id }) => !fits(id)).map(({ content }) => String(content)));
  for (const token of lost) dropped.add(token);
  if (dropped.size > VOCABULARY_SLACK || (lost.size > 0 && !isCut)) return { json, dropped: [] };
  const { model } = json;
  return {
    dropped: [...dropped],
    json: {
      ...json,
      added_tokens: added.filter(({ id }) => fits(id)),
      ...(lost.size > 0 && isJsonObject(model) && { model: withoutTokens(model, lost) }),
    },
  };
}

function withoutTokens(model: JsonObject, lost: ReadonlySet<string>): JsonObject {
  const vocab = isJsonObject(model.vocab) ? Object.entries(model.vocab) : [];
  const merges = Array.isArray(model.merges) ? (model.merges as unknown[]) : [];
  return {
    ...model,
    vocab: Object.fromEntries(vocab.filter(([token]) => !lost.has(token))),
    // "l eft" in older files, ["l", "eft"] in newer ones.
    merges: merges.filter((merge) => {
      const [left = '', right = ''] = (Array.isArray(merge) ? merge : String(merge).split(' ')) as string[];
      return ![left, right, left + right].some((token) => lost.has(token));
    }),
  };
}

function countTokens(json: JsonObject, vocabulary: number): number {
  const ids = new Set<number>();
  const entries = [
    ...vocabularyOf(json),
    ...addedTokens(json).map(({ content, id }) => [String(content), id] as const),
  ];
  for (const [token, id] of entries) {
    if (typeof id !== 'number') continue;
    if (id >= vocabulary) {
      throw new ConversionError('bad-tokenizer', {
        file: 'tokenizer.json',
        reason: { says: 'token-id', token: JSON.stringify(token), id, vocabulary },
        next: 'own-tokenizer',
      });
    }
    ids.add(id);
  }
  if (ids.size === 0) {
    throw new ConversionError('bad-tokenizer', {
      file: 'tokenizer.json',
      reason: { says: 'no-tokens' },
      next: 'download-again',
    });
  }
  return ids.size;
}
