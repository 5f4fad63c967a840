import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { FAMILIES } from '../../src/domain/families.ts';
import { buildPrompt } from '../../src/domain/prompt.ts';
import { EnginePage, GREEDY, WEBLLM_GREEDY } from './engine-page.ts';
import { HELD_OUT, REFERENCE, sentenceOf, type HeldOutCase } from './fixtures.ts';

/** What reaches the model and what comes out of it, token by token, on the engine alone. */
test.describe.configure({ mode: 'serial', timeout: 600_000 });

const DEMO = join(import.meta.dirname, '../../public/models/demo');
const DEMO_LIBRARY = join(DEMO, 'demo-q4f32_1.wasm');
const FIXTURES = join(import.meta.dirname, '../fixtures');
const TINY = join(FIXTURES, 'models/tiny-gqa');

let engine: EnginePage;

test.beforeAll(async ({ browser }) => {
  engine = await EnginePage.open(browser);
});

test.afterAll(async () => {
  await engine.close();
});

function promptOf({ objectives, query, answer }: HeldOutCase): string {
  return buildPrompt(FAMILIES.UltraFeedback, objectives.map(sentenceOf), query, answer).text;
}

test('the demo model loads, and this device passes the check of multi-token steps', async () => {
  const { selfCheck } = await engine.load('demo', DEMO, DEMO_LIBRARY);
  expect(selfCheck?.fault).toBe('');
});

test('prompts reach the model as the recipe tokenizes them: one BOS, nothing added, nothing trimmed', async () => {
  for (const { prompt, prompt_ids } of REFERENCE) expect(await engine.tokenize(prompt)).toEqual(prompt_ids);
});

test('WebLLM’s greedy tokens are those of an independent float forward over the same weights', async () => {
  const cases = REFERENCE.slice(0, 30);
  expect(cases.length).toBeGreaterThanOrEqual(20);
  for (const { prompt, answer, reference_ids, reference_text } of cases) {
    const generation = await engine.generate(prompt, answer, WEBLLM_GREEDY);
    expect(generation.figures.decoding).toMatchObject({ path: 'ordinary', reason: 'switched-off' });
    expect(generation.tokenIds).toEqual(reference_ids);
    expect(generation.text).toBe(reference_text);
  }
});

test('a text fed whole, in two parts and one by one: the same likeliest token at every position', async () => {
  const texts = REFERENCE.map(({ prompt_ids, reference_ids }) => [...prompt_ids, ...reference_ids]);
  const [medium] = texts.filter(({ length }) => length > 100 && length < 500);
  if (!medium) throw new Error('No reference case of medium length.');
  const steps = await engine.steps(
    'demo',
    DEMO,
    DEMO_LIBRARY,
    medium,
    [1, 2, 5, 15, 16, 17, 31, 32, 33, 64, 97],
  );
  expect(steps.whole).toEqual(steps.single);
  for (const { at, rows } of steps.cut) expect(rows, `cut after ${at}`).toEqual(steps.single.slice(at - 1));
  expect(steps.prompt).toBe(steps.single.at(-1));

  // Longer than one chunk of a prompt (512 tokens).
  const long = texts.flat().slice(0, 700);
  const chunked = await engine.steps('demo', DEMO, DEMO_LIBRARY, long, [400, 512, 690]);
  expect(chunked.prompt).toBe(chunked.single.at(-1));
  for (const { at, rows } of chunked.cut)
    expect(rows, `cut after ${at}`).toEqual(chunked.single.slice(at - 1));
});

test('edit-shaped decoding gives WebLLM’s greedy tokens, on at least 200 held-out prompts', async () => {
  // The shortest ones: every prompt goes through the model twice.
  const cases = [...HELD_OUT].sort((one, other) => one.answer.length - other.answer.length).slice(0, 205);
  expect(cases.length).toBeGreaterThanOrEqual(200);
  let steps = 0;
  let tokens = 0;
  for (const example of cases) {
    const prompt = promptOf(example);
    const ordinary = await engine.generate(prompt, example.answer, WEBLLM_GREEDY);
    const shaped = await engine.generate(prompt, example.answer, GREEDY);
    expect(shaped.tokenIds, prompt).toEqual(ordinary.tokenIds);
    expect(shaped.text).toBe(ordinary.text);
    expect(shaped.finishReason).toBe(ordinary.finishReason);
    if (shaped.figures.decoding?.path !== 'edit-shaped') throw new Error('The ordinary path ran.');
    steps += shaped.figures.decoding.steps;
    tokens += shaped.tokenIds.length;
  }
  // Most of an edit is copied, so most guesses must have come true.
  expect(tokens / steps).toBeGreaterThan(2);
});

test('limits end both paths at the same token', async () => {
  const [example] = HELD_OUT;
  if (!example) throw new Error('No held-out case.');
  const prompt = promptOf(example);
  for (const maxNewTokens of [1, 2, 3, 7]) {
    const ordinary = await engine.generate(prompt, example.answer, { ...WEBLLM_GREEDY, maxNewTokens });
    const shaped = await engine.generate(prompt, example.answer, { ...GREEDY, maxNewTokens });
    expect(ordinary.finishReason).toBe('length');
    expect(shaped.finishReason).toBe('length');
    expect(shaped.tokenIds).toHaveLength(maxNewTokens);
    expect(shaped.tokenIds).toEqual(ordinary.tokenIds);
  }
});

test('stopped early, the engine goes on afterwards as if fresh, on either path', async () => {
  const example = HELD_OUT.find(({ expected_edit }) => expected_edit.length > 80);
  if (!example) throw new Error('No held-out case is long enough.');
  const prompt = promptOf(example);
  const whole = await engine.generate(prompt, example.answer, WEBLLM_GREEDY);
  for (const settings of [GREEDY, WEBLLM_GREEDY]) {
    const stopped = await engine.generate(prompt, example.answer, settings, 5);
    expect(stopped.finishReason).toBe('abort');
    expect(stopped.tokenIds.length).toBeLessThan(whole.tokenIds.length);
    expect(whole.text.startsWith(stopped.text)).toBe(true);
    for (const next of [WEBLLM_GREEDY, GREEDY])
      expect((await engine.generate(prompt, example.answer, next)).tokenIds).toEqual(whole.tokenIds);
  }
});

test('with a temperature the ordinary path runs, and says why', async () => {
  const [example] = HELD_OUT;
  if (!example) throw new Error('No held-out case.');
  const { figures } = await engine.generate(promptOf(example), example.answer, {
    ...GREEDY,
    temperature: 0.7,
    maxNewTokens: 8,
  });
  expect(figures.decoding).toMatchObject({ path: 'ordinary', reason: 'temperature' });
});

test('text that looks like a replacement pattern reaches the model untouched', async () => {
  const answer = "It costs $$5, $& or $' more {user_message}.";
  const prompt = buildPrompt(FAMILIES.UltraFeedback, [sentenceOf('len')], 'Why $1?', answer).text;
  const ordinary = await engine.generate(prompt, answer, WEBLLM_GREEDY);
  const shaped = await engine.generate(prompt, answer, GREEDY);
  expect(shaped.tokenIds).toEqual(ordinary.tokenIds);
  expect(ordinary.figures.promptTokens).toBe((await engine.tokenize(prompt)).length);
});

test('a random model of another shape (grouped queries, other heads): both paths equal its float forward', async () => {
  const cases = JSON.parse(readFileSync(join(TINY, 'reference.json'), 'utf8')) as {
    prompt: string;
    prompt_ids: number[];
    greedy_ids: number[];
  }[];
  const { selfCheck } = await engine.load('tiny-gqa', TINY, join(TINY, 'library.wasm'));
  expect(selfCheck?.fault).toBe('');
  for (const { prompt, prompt_ids, greedy_ids } of cases) {
    expect(await engine.tokenize(prompt)).toEqual(prompt_ids);
    for (const settings of [WEBLLM_GREEDY, GREEDY]) {
      const maxNewTokens = greedy_ids.length;
      const { tokenIds, figures } = await engine.generate(prompt, prompt, { ...settings, maxNewTokens });
      expect(figures.decoding?.path).toBe(settings.editShaped ? 'edit-shaped' : 'ordinary');
      expect(tokenIds).toEqual(greedy_ids);
    }
  }
});

test('a library whose merge kernel races is found out, and the ordinary path runs and says why', async () => {
  const racing = join(FIXTURES, 'libraries/unrepaired-merge.wasm');
  const [example] = REFERENCE;
  if (!example) throw new Error('No reference case.');
  const { selfCheck } = await engine.load('racing', DEMO, racing);
  expect(selfCheck?.fault).not.toBe('');
  const { tokenIds, figures } = await engine.generate(example.prompt, example.answer, GREEDY);
  expect(figures.decoding).toMatchObject({ path: 'ordinary', reason: 'self-check-failed' });
  expect(tokenIds).toEqual(example.reference_ids);

  // What was found is handed back at the next load, and believed for the same build and device only.
  const known = {
    ...selfCheck,
    subject: selfCheck?.subject ?? '',
    fault: 'as found before',
    costs: [[1, 10]] as const,
  };
  expect((await engine.load('racing', DEMO, racing, known)).selfCheck?.fault).toBe('as found before');
  const other = { ...known, subject: 'another device' };
  expect((await engine.load('racing', DEMO, racing, other)).selfCheck?.fault).toBe(selfCheck?.fault);
});
