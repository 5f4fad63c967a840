import { expect, test } from 'vitest';
import { tokenBudget } from '../../../src/domain/token-budget.ts';

test('a prompt that leaves exactly the room for the reply fits', () => {
  expect(tokenBudget(1024, 2048, 1024).excess).toBe(0);
});

test('says by how much a prompt is too long', () => {
  expect(tokenBudget(1100, 2048, 1024)).toMatchObject({ maxPromptTokens: 1024, excess: 76 });
});

test('a reply longer than the context leaves no room at all', () => {
  expect(tokenBudget(5, 2048, 4096)).toMatchObject({ maxPromptTokens: 0, excess: 5 });
});
