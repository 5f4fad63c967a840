import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tokenizer } from '@mlc-ai/web-tokenizers';
import llamaTokenizer from 'llama-tokenizer-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { llama2Tokenizer } from '../../../model-config/convert/llama2-tokenizer.ts';
import type { JsonObject } from '../../../src/weights/checkpoint/source.ts';
import type { Warn } from '../../../src/weights/checkpoint/errors.ts';
import { describeTokenizer } from '../../../src/weights/convert/chat-config.ts';
import { readTokenizer } from '../../../src/weights/convert/tokenizer.ts';
import { loadTokenizer } from '../web-tokenizer.ts';
import { source } from './tiny-checkpoint.ts';

const PROMPTS = new URL('../../fixtures/prompts/llama2-tokens.json', import.meta.url);

let folder: string;
let json: JsonObject;
let tokenizer: Tokenizer;
let prompts: string[];

beforeAll(async () => {
  json = await llama2Tokenizer();
  folder = await mkdtemp(join(tmpdir(), 'llama2-'));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(json));
  tokenizer = await loadTokenizer(join(folder, 'tokenizer.json'));
  prompts = (JSON.parse(await readFile(PROMPTS, 'utf8')) as { prompt: string }[]).map(({ prompt }) => prompt);
});
afterAll(() => rm(folder, { recursive: true }));

test('the vocabulary is LLaMA-2’s: ids that every description of it names', () => {
  const { vocab } = json.model as { vocab: Record<string, number> };
  expect(Object.keys(vocab)).toHaveLength(32000);
  expect(vocab).toMatchObject({
    '<unk>': 0,
    '<s>': 1,
    '</s>': 2,
    '<0x00>': 3,
    '<0x0A>': 13,
    '▁▁': 259,
    '▁t': 260,
    er: 261,
    in: 262,
    '▁a': 263,
    '▁an': 385,
    '▁are': 526,
    // 995 in Mistral's vocabulary, which is as large.
    '▁You': 887,
    '▁': 29871,
  });
  expect(describeTokenizer(json)).toEqual({
    token_postproc_method: 'byte_fallback',
    prepend_space_in_encode: true,
    strip_space_in_decode: true,
  });
});

describe('through the tokenizer that WebLLM bundles', () => {
  test('well-known texts have their well-known ids', () => {
    expect([...tokenizer.encode('Hello world!')]).toEqual([15043, 3186, 29991]);
    const start = [887, 526, 385, 20255, 304, 5199, 29889];
    expect([...tokenizer.encode('You are an assistant to human.')]).toEqual(start);
    for (const prompt of prompts.filter((text) => text.startsWith('You are an assistant to human.')))
      expect([...tokenizer.encode(prompt)].slice(0, start.length)).toEqual(start);
  });

  test('the published prompts have the ids of another program that encodes for LLaMA-2', () => {
    expect(prompts).toHaveLength(7);
    for (const text of [...prompts, 'two  spaces\n\tand a tab', 'Grüße, 世界 🦙'])
      expect([1, ...tokenizer.encode(text)], text).toEqual(llamaTokenizer.encode(text));
  });

  test('they come back as they were', () => {
    for (const prompt of prompts) expect(tokenizer.decode(tokenizer.encode(prompt)).trimStart()).toBe(prompt);
  });
});

describe('a checkpoint without a tokenizer', () => {
  async function read(vocabulary: number, files: Record<string, object> = {}) {
    const warnings: string[] = [];
    const warn: Warn = ({ says }) => void warnings.push(says);
    const { files: made, size } = await readTokenizer(
      source(files),
      vocabulary,
      true,
      warn,
      undefined,
      llama2Tokenizer,
    );
    return { names: [...made.keys()], size, warnings };
  }

  test('gets LLaMA-2’s, said aloud, where the vocabulary has its size', async () => {
    expect(await read(32000)).toEqual({
      names: ['tokenizer.json'],
      size: 32000,
      warnings: ['llama2-tokenizer'],
    });
  });

  test('gets none where it has another, and its own where it has one', async () => {
    expect(await read(31999)).toEqual({ names: [], size: 31999, warnings: ['no-tokenizer'] });
    expect(await read(32000, { 'tokenizer.json': { model: { vocab: { a: 0 } } } })).toEqual({
      names: ['tokenizer.json'],
      size: 1,
      warnings: [],
    });
  });
});
