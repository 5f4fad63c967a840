import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { conversionEn } from '../../../src/domain/texts/conversion.en.ts';
import { write } from '../../../src/domain/texts/told.ts';
import { describeTokenizer } from '../../../src/weights/convert/chat-config.ts';
import { convertSentencePiece } from '../../../src/weights/convert/sentencepiece.ts';
import { readTokenizer } from '../../../src/weights/convert/tokenizer.ts';
import type { Warn } from '../../../src/weights/checkpoint/errors.ts';
import { source } from './tiny-checkpoint.ts';

/**
 * A model of 400 pieces that SentencePiece 0.2 trained (BPE, byte fallback, identity normalisation, as LLaMA-2's) on
 * the published prompts, with the ids it gives to a few texts.
 */
const FOLDER = new URL('../../fixtures/sentencepiece/', import.meta.url);
const MODEL = new Uint8Array(readFileSync(new URL('tokenizer.model', FOLDER)));
const EXPECTED = JSON.parse(readFileSync(new URL('expected.json', FOLDER), 'utf8')) as {
  text: string;
  ids: number[];
}[];

interface TokenizerJson {
  model: { vocab: Record<string, number>; merges: string[]; unk_token: string };
  post_processor: { special_tokens: Record<string, { ids: number[] }> };
}

/** What a program that reads tokenizer.json does: normalise, split to letters or bytes, join the best pair first. */
function encode(json: TokenizerJson, text: string): number[] {
  const { vocab, merges } = json.model;
  const rank = new Map(merges.map((merge, i) => [merge, i]));
  const normalised = text === '' ? '' : `▁${text}`.replaceAll(' ', '▁');
  let parts = Array.from(normalised).flatMap((letter) =>
    letter in vocab
      ? [letter]
      : Array.from(
          new TextEncoder().encode(letter),
          (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
        ),
  );
  for (;;) {
    const ranks = parts.slice(1).map((right, i) => rank.get(`${parts[i]} ${right}`) ?? Infinity);
    const best = Math.min(...ranks);
    if (!Number.isFinite(best)) break;
    const at = ranks.indexOf(best);
    parts = [...parts.slice(0, at), `${parts[at]}${parts[at + 1]}`, ...parts.slice(at + 2)];
  }
  return [
    ...(json.post_processor.special_tokens['<s>']?.ids ?? []),
    ...parts.map((part) => vocab[part] as number),
  ];
}

test.each(EXPECTED)('$text: the tokens of SentencePiece itself', ({ text, ids }) => {
  expect(encode(convertSentencePiece(MODEL) as unknown as TokenizerJson, text)).toEqual(ids);
});

test('it is described to WebLLM as LLaMA’s tokenizer is', () => {
  expect(describeTokenizer(convertSentencePiece(MODEL))).toEqual({
    token_postproc_method: 'byte_fallback',
    prepend_space_in_encode: true,
    strip_space_in_decode: true,
  });
});

test('a byte-level tokenizer is described as one', () => {
  expect(describeTokenizer({ decoder: { type: 'ByteLevel' } })).toEqual({
    token_postproc_method: 'byte_level',
    prepend_space_in_encode: false,
    strip_space_in_decode: false,
  });
});

test('tokenizer.model alone gives both files; with tokenizer.json beside it that is kept', async () => {
  const warnings: string[] = [];
  const warn: Warn = (warning) => void warnings.push(write(conversionEn.warnings, warning));
  const made = await readTokenizer(source({ 'tokenizer.model': new Blob([MODEL]) }), 400, false, warn);
  expect([...made.files.keys()]).toEqual(['tokenizer.model', 'tokenizer.json']);
  expect(made.size).toBe(400);
  expect(warnings).toHaveLength(1);
  const own = { model: { vocab: { a: 0 } } };
  const kept = await readTokenizer(
    source({ 'tokenizer.model': new Blob([MODEL]), 'tokenizer.json': own }),
    400,
    false,
    warn,
  );
  expect(kept.json).toEqual(own);
  expect(warnings).toHaveLength(1);
});

test('a padding token that the model was never given is taken out, said aloud', async () => {
  const warnings: unknown[] = [];
  const json = {
    added_tokens: [
      { id: 0, content: '<unk>' },
      { id: 3, content: '[PAD]' },
    ],
    model: { type: 'BPE', vocab: { '<unk>': 0, a: 1, b: 2 }, merges: [] },
  };
  const files = source({ 'tokenizer.json': json });
  const read = await readTokenizer(files, 3, false, (warning) => void warnings.push(warning));
  expect(read.json).toEqual({ ...json, added_tokens: [{ id: 0, content: '<unk>' }] });
  expect(read.size).toBe(3);
  expect(warnings).toEqual([{ says: 'tokens-dropped', tokens: ['[PAD]'] }]);
});

test('what is cut off the vocabulary goes with the merges that make it', async () => {
  const model = { type: 'BPE', vocab: { a: 0, b: 1, c: 2, ab: 3, abc: 4 } };
  for (const merges of [
    ['a b', 'ab c'],
    [
      ['a', 'b'],
      ['ab', 'c'],
    ],
  ]) {
    const files = source({ 'tokenizer.json': { model: { ...model, merges } } });
    expect((await readTokenizer(files, 4, true, () => undefined)).json).toEqual({
      added_tokens: [],
      model: { type: 'BPE', vocab: { a: 0, b: 1, c: 2, ab: 3 }, merges: merges.slice(0, 1) },
    });
  }
});

test('a tokenizer with far more tokens is another model’s, cut or not', async () => {
  const vocab = Object.fromEntries(Array.from({ length: 200 }, (_, id) => [`t${id}`, id]));
  for (const isCut of [true, false])
    await expect(
      readTokenizer(source({ 'tokenizer.json': { model: { vocab } } }), 100, isCut, () => undefined),
    ).rejects.toThrow(/has the id 100, but the vocabulary has 100/);
});

test('tokenizer.model for a larger vocabulary is refused', async () => {
  const files = source({ 'tokenizer.model': new Blob([MODEL]) });
  await expect(readTokenizer(files, 399, false, () => undefined)).rejects.toThrow(
    /has the id 399, but the vocabulary has 399/,
  );
});

test('a damaged or different tokenizer.model is refused', () => {
  for (const length of [1, 2, 10, 1000, MODEL.length - 1]) {
    expect(() => convertSentencePiece(MODEL.slice(0, length)), `cut to ${length}`).toThrow(
      /^tokenizer\.model: /,
    );
  }
  expect(() => convertSentencePiece(new TextEncoder().encode('<html></html>'))).toThrow(
    /^tokenizer\.model: /,
  );
  expect(() => convertSentencePiece(new Uint8Array())).toThrow(/no pieces/);
});
