import { ConversionError, type Warn } from '../checkpoint/errors.ts';
import {
  isJsonObject,
  readJsonObject,
  readWhole,
  type JsonObject,
  type Source,
} from '../checkpoint/source.ts';
import { LLAMA2_VOCABULARY } from './parameters.ts';
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

/** Makes the tokenizer.json of LLaMA-2, where its vocabulary is at hand. */
export type FallbackTokenizer = () => Promise<JsonObject>;

/**
 * Collects the tokenizer of a checkpoint, makes a tokenizer.json of tokenizer.model where only that is there, or of the
 * fallback where neither is and the vocabulary has LLaMA-2's size, and checks that it fits the vocabulary.
 * @param vocabulary tokens that the build's embedding has
 * @param isCut whether that is fewer than the checkpoint's: then tokens beyond it are taken out
 * @throws ConversionError `bad-tokenizer` when a token has an id that the embedding lacks
 */
export async function readTokenizer(
  source: Source,
  vocabulary: number,
  isCut: boolean,
  warn: Warn,
  signal?: AbortSignal,
  fallback?: FallbackTokenizer,
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
  } else if (fallback && vocabulary === LLAMA2_VOCABULARY) {
    json = await fallback();
    copies.set('tokenizer.json', encodeJson(json));
    warn({ says: 'llama2-tokenizer' });
  } else {
    warn({ says: 'no-tokenizer' });
  }
  if (json && isCut) {
    const fitting = dropTokens(json, vocabulary);
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

function encodeJson(json: JsonObject): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(json, null, 2));
}

function vocabularyOf(json: JsonObject): [token: string, id: unknown][] {
  return isJsonObject(json.model) && isJsonObject(json.model.vocab) ? Object.entries(json.model.vocab) : [];
}

function addedTokens(json: JsonObject): JsonObject[] {
  return Array.isArray(json.added_tokens) ? json.added_tokens.filter(isJsonObject) : [];
}

/** Without them, text that spells such a token would become an id that the embedding lacks. */
function dropTokens(json: JsonObject, vocabulary: number): { json: JsonObject; dropped: string[] } {
  const fits = (id: unknown): boolean => typeof id === 'number' && id < vocabulary;
  const added = addedTokens(json);
  const vocab = vocabularyOf(json);
  const dropped = new Set([
    ...added.filter(({ id }) => !fits(id)).map(({ content }) => String(content)),
    ...vocab.filter(([, id]) => !fits(id)).map(([token]) => token),
  ]);
  const model = isJsonObject(json.model) ? json.model : {};
  return {
    dropped: [...dropped],
    json: {
      ...json,
      added_tokens: added.filter(({ id }) => fits(id)),
      model: { ...model, vocab: Object.fromEntries(vocab.filter(([, id]) => fits(id))) },
    },
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
