import type { JsonObject } from '../../src/weights/checkpoint/source.ts';
import { makeBpeTokenizer } from '../../src/weights/convert/bpe-tokenizer.ts';
import type { FallbackTokenizer } from '../../src/weights/convert/llama2-tokenizer.ts';

/**
 * LLaMA-2's tokenizer.json, out of the vocabulary that the package llama-tokenizer-js brings. The vocabulary is part of
 * LLaMA 2, so it is read where the package is installed and goes into no page that somebody hosts.
 */
export async function llama2Tokenizer(): Promise<JsonObject> {
  const { vocabById, vocabByString: ids, merges } = (await import('llama-tokenizer-js')).default;
  return makeBpeTokenizer({
    ids,
    // They are in the order of their priority.
    merges: [...merges.keys()],
    unknown: '<unk>',
    bos: 1,
    added: vocabById.slice(0, 3).map((content, id) => ({ id, content, special: true })),
  });
}

/** It, for checkpoints that have none; nothing is fetched. */
export const bundledTokenizer: FallbackTokenizer = {
  from: 'the package llama-tokenizer-js',
  read: async () => new TextEncoder().encode(JSON.stringify(await llama2Tokenizer(), null, 2)),
};
