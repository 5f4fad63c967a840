import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tokenizer } from '@mlc-ai/web-tokenizers';
import llamaTokenizer from 'llama-tokenizer-js';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { bundledTokenizer, llama2Tokenizer } from '../../../model-config/convert/llama2-tokenizer.ts';
import { conversionEn } from '../../../src/domain/texts/conversion.en.ts';
import { write } from '../../../src/domain/texts/told.ts';
import type { JsonObject } from '../../../src/weights/checkpoint/source.ts';
import type { Warn } from '../../../src/weights/checkpoint/errors.ts';
import { describeTokenizer } from '../../../src/weights/convert/chat-config.ts';
import { convert } from '../../../src/weights/convert/convert.ts';
import { tokenizerAt, type FallbackTokenizer } from '../../../src/weights/convert/llama2-tokenizer.ts';
import { readTokenizer, type TokenizerWishes } from '../../../src/weights/convert/tokenizer.ts';
import { startHubServer, type Faults, type HubServer } from '../../hub-server.ts';
import { loadTokenizer } from '../web-tokenizer.ts';
import { inlinePool } from './inline-pool.ts';
import { MemorySink } from './memory-sink.ts';
import { source, tinyCheckpoint, tinyTensors } from './tiny-checkpoint.ts';

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
  const bytes = (content: object | string): Uint8Array<ArrayBuffer> =>
    new TextEncoder().encode(typeof content === 'string' ? content : JSON.stringify(content));

  /** Compared at once: byte by byte takes a second. */
  const expectLlama2 = (content: Uint8Array | undefined): void => {
    expect(Buffer.from(content ?? []).equals(bytes(json))).toBe(true);
  };

  /** One that gives what it is told to. */
  const giving = (content: object | string): FallbackTokenizer => ({
    from: 'a test',
    read: () => Promise.resolve(bytes(content)),
  });

  async function read(vocabulary: number, files: Record<string, object> = {}, wishes?: TokenizerWishes) {
    const warnings: string[] = [];
    const warn: Warn = (warning) => void warnings.push(write(conversionEn.warnings, warning));
    const given = { fallbackTokenizer: giving(json), ...wishes };
    const tokenizer = await readTokenizer(source(files), vocabulary, true, warn, undefined, given);
    return { names: [...tokenizer.files.keys()], size: tokenizer.size, warnings, tokenizer };
  }

  test('gets LLaMA-2’s where the vocabulary has its size, as it is and said aloud', async () => {
    const { tokenizer: taken, ...rest } = await read(32000);
    expect(rest).toEqual({
      names: ['tokenizer.json'],
      size: 32000,
      warnings: [expect.stringMatching(/^The checkpoint has no tokenizer: LLaMA-2's is taken from a test\./)],
    });
    expectLlama2(taken.files.get('tokenizer.json'));
  });

  test('gets the one of the command line without a network', async () => {
    const { size, warnings } = await read(32000, {}, { fallbackTokenizer: bundledTokenizer });
    expect(size).toBe(32000);
    expect(warnings).toEqual([expect.stringContaining('is taken from the package llama-tokenizer-js')]);
  });

  test('keeps its own where it has one', async () => {
    const own = { model: { vocab: { a: 0 } } };
    expect(await read(32000, { 'tokenizer.json': own })).toMatchObject({ size: 1, warnings: [] });
  });

  test('gets none where its vocabulary has another size or is there in another format', async () => {
    for (const [vocabulary, files] of [
      [31999, {}],
      [32000, { 'vocab.json': { a: 0 } }],
    ] as const)
      expect(await read(vocabulary, files)).toMatchObject({
        names: Object.keys(files),
        warnings: [expect.stringContaining('so the build cannot run yet')],
      });
  });

  test('is refused where it must have one, with the reason and what to do', async () => {
    const requireTokenizer = true;
    await expect(read(400, {}, { requireTokenizer })).rejects.toThrow(
      /^tokenizer\.json: The checkpoint has neither .* 400 entries instead of LLaMA-2's 32000, .* Put the tokenizer\.json of the model's base/,
    );
    await expect(read(32000, {}, { requireTokenizer, fallbackTokenizer: undefined })).rejects.toThrow(
      /^tokenizer\.json: The checkpoint has neither .* any text\. Put the tokenizer\.json of its base model/,
    );
  });

  test.each<[string, (vocab: Record<string, number>) => object | string, RegExp]>([
    [
      'a vocabulary of the same size, such as Mistral’s',
      (vocab) => ({ model: { vocab: { ...vocab, '▁You': 995 } } }),
      /it has no token ▁You with the id 887\./,
    ],
    [
      'a vocabulary without <s>',
      ({ '<s>': begin = 1, ...vocab }) => ({ model: { vocab: { ...vocab, '<begin>': begin } } }),
      /it has no token <s> with the id 1\./,
    ],
    [
      'a larger vocabulary, such as Code Llama’s',
      (vocab) => ({ model: { vocab: { ...vocab, '▁<PRE>': 32007 } } }),
      /its vocabulary has 32001 entries instead of 32000\./,
    ],
    ['a file of another kind', () => ({ hello: 'world' }), /its vocabulary has 0 entries/],
    ['a web page', () => '<!doctype html>', /The file is not valid JSON\./],
  ])('does not get %s', async (_, change, because) => {
    const { vocab } = json.model as { vocab: Record<string, number> };
    const refused = read(32000, {}, { fallbackTokenizer: giving(change(vocab)) });
    await expect(refused).rejects.toThrow(because);
    await expect(refused).rejects.toThrow(
      /^tokenizer\.json: .* LLaMA-2's could not be taken from a test\. .* Put the tokenizer\.json of its base model .* beside config\.json/,
    );
    await expect(refused).rejects.toMatchObject({ code: 'bad-tokenizer' });
  });

  describe('in the page', () => {
    const REPOSITORY = 'someone/llama-2';
    let hub: HubServer | undefined;
    afterEach(async () => {
      vi.unstubAllGlobals();
      await hub?.close();
      hub = undefined;
    });

    async function start(faults?: Faults): Promise<string> {
      hub = await startHubServer(REPOSITORY, source({ 'tokenizer.json': json }), faults);
      return `${hub.url}/${REPOSITORY}/resolve/main/tokenizer.json`;
    }
    const fetchFrom = (url: string) => read(32000, {}, { fallbackTokenizer: tokenizerAt(url) });

    test('gets the file at the address, in spite of a busy server', async () => {
      const url = await start({ busyEvery: 2 });
      await (await fetch(url)).arrayBuffer();
      const { tokenizer: taken, warnings } = await fetchFrom(url);
      expectLlama2(taken.files.get('tokenizer.json'));
      expect(warnings).toEqual([expect.stringContaining(`is taken from ${url}.`)]);
      expect(hub?.requests).toHaveLength(3);
    });

    test('is refused with the server’s own reason', async () => {
      const gated = await start({ wanted: 'Bearer hf_somebody' });
      await expect(fetchFrom(gated)).rejects.toThrow(/answered 401 for .*: it wants a login, .* Put the/);
      await expect(fetchFrom(`${gated}.gone`)).rejects.toThrow(/answered 404 for .* Put the/);
    });

    test('is refused at once without a network', async () => {
      const url = await start();
      vi.stubGlobal('navigator', { onLine: false });
      await expect(fetchFrom(url)).rejects.toThrow(/The connection failed\. Put the/);
      expect(hub?.requests).toEqual([]);
    });
  });

  test('is refused before anything is stored', async () => {
    const sink = new MemorySink();
    const checkpoint = tinyCheckpoint({
      config: { vocab_size: 32000 },
      tensors: tinyTensors({ vocabulary: 32000 }),
    });
    const begin = vi.spyOn(sink, 'begin');
    const hooks = { pool: inlinePool, requireTokenizer: true };
    const options = { quantisation: 'q4f32_1' } as const;
    const other = { ...hooks, fallbackTokenizer: giving({}) };
    await expect(convert(checkpoint, sink, options, other)).rejects.toThrow(/^tokenizer\.json: /);
    expect(begin).not.toHaveBeenCalled();
    await convert(checkpoint, sink, options, { ...hooks, fallbackTokenizer: giving(json) });
    expectLlama2(sink.files.get('tokenizer.json'));
    expect(sink.json('mlc-chat-config.json')).toMatchObject({
      tokenizer_files: ['tokenizer.json'],
      active_vocab_size: 32000,
    });
  });
});
