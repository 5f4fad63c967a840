import type { JsonObject } from '../checkpoint/source.ts';

/** What LLaMA's tokenizer consists of: byte-pair encoding with bytes for letters that it does not know. */
export interface BpeVocabulary {
  ids: ReadonlyMap<string, number>;
  /** Pairs to join ("l eft"), best first. */
  merges: readonly string[];
  /** The token for what cannot be written. */
  unknown: string;
  /** Id of `<s>`, which begins every text. */
  bos: number;
  /** Tokens that are never put together from letters. */
  added: readonly { id: number; content: string; special: boolean }[];
}

/**
 * The tokenizer.json of such a vocabulary, as WebLLM reads it: spaces become "▁", one more is put in front, and one
 * BOS.
 */
export function makeBpeTokenizer({ ids, merges, unknown, bos, added }: BpeVocabulary): JsonObject {
  const sequence = (id: string): JsonObject => ({ Sequence: { id, type_id: id === 'A' ? 0 : 1 } });
  const special = (type: number): JsonObject => ({ SpecialToken: { id: '<s>', type_id: type } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(({ id, content, special: isSpecial }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: isSpecial,
    })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [special(0), sequence('A')],
      pair: [special(0), sequence('A'), special(1), sequence('B')],
      special_tokens: { '<s>': { id: '<s>', ids: [bos], tokens: ['<s>'] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknown,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(ids),
      merges,
    },
  };
}
