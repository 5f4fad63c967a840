import { ConversionError } from '../checkpoint/errors.ts';
import {
  isJsonObject,
  readJsonObject,
  readWhole,
  type JsonObject,
  type Source,
} from '../checkpoint/source.ts';

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
  /** Entries: one more than the largest token id. */
  size: number;
}

/**
 * Collects the tokenizer of a checkpoint and checks that it fits the vocabulary.
 * @param vocabulary tokens that the build's embedding has
 * @throws ConversionError `bad-tokenizer` when a token has an id that the embedding lacks
 */
export async function readTokenizer(
  source: Source,
  vocabulary: number,
  warn: (message: string) => void,
  signal?: AbortSignal,
): Promise<Tokenizer> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  let json: JsonObject | undefined;
  let size = vocabulary;
  for (const name of TOKENIZER_FILES) {
    const file = source.get(name);
    if (!file) continue;
    if (name === 'tokenizer.json') {
      json = await readJsonObject(file, signal);
      size = countTokens(json, vocabulary);
    }
    files.set(name, await readWhole(file, signal));
  }
  if (!json) {
    warn(
      'The checkpoint has no tokenizer.json, so the build cannot run yet: put the tokenizer.json of its base model beside config.json and convert again.',
    );
  }
  return { files, json, size };
}

/** Ids of a tokenizer.json: its model's vocabulary and the added tokens. */
function* tokenIds(json: JsonObject): Generator<[token: string, id: number]> {
  const model = isJsonObject(json.model) ? json.model : {};
  for (const [token, id] of isJsonObject(model.vocab) ? Object.entries(model.vocab) : []) {
    if (typeof id === 'number') yield [token, id];
  }
  for (const added of Array.isArray(json.added_tokens) ? json.added_tokens : []) {
    if (isJsonObject(added) && typeof added.id === 'number') yield [String(added.content), added.id];
  }
}

function countTokens(json: JsonObject, vocabulary: number): number {
  const ids = new Set<number>();
  for (const [token, id] of tokenIds(json)) {
    if (id >= vocabulary) {
      throw new ConversionError('bad-tokenizer', {
        file: 'tokenizer.json',
        reason: `The token ${JSON.stringify(token)} has the id ${id}, but the vocabulary has ${vocabulary} entries.`,
        next: 'Use the tokenizer.json that belongs to this model.',
      });
    }
    ids.add(id);
  }
  if (ids.size === 0) {
    throw new ConversionError('bad-tokenizer', {
      file: 'tokenizer.json',
      reason: 'It holds no tokens.',
      next: 'Download the file again.',
    });
  }
  return ids.size;
}
