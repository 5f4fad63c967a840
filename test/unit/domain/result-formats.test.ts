import { expect, test } from 'vitest';
import { resultJson, resultMarkdown } from '../../../src/domain/result-formats.ts';

const content = {
  query: 'Why?',
  answer: '# No heading\n\n- no list',
  editedAnswer: 'Because.',
  objectives: ['Honesty: the response should not tell lies'],
  family: 'UltraFeedback',
  model: 'Demo aligner',
} as const;
const headings = {
  query: 'Query',
  answer: 'Answer',
  objectives: 'Objectives',
  editedAnswer: 'Edited answer',
};

test('in Markdown the person’s text is quoted line by line', () => {
  expect(resultMarkdown(content, headings)).toBe(`## Query

> Why?

## Answer

> # No heading
>
> - no list

## Objectives

- Honesty: the response should not tell lies

## Edited answer (Demo aligner)

> Because.`);
});

test('JSON holds everything but what is not there', () => {
  expect(JSON.parse(resultJson(content))).toEqual(content);
});
