import { expect, test } from 'vitest';
import { FAMILIES } from '../../../src/domain/families.ts';
import type { AlignmentRecord } from '../../../src/domain/history.ts';
import type { Aligner, Outcome } from '../../../src/state/aligner.ts';
import type { Alignment } from '../../../src/state/alignment.svelte.ts';
import { Comparison } from '../../../src/state/comparison.svelte.ts';
import type { ModelState } from '../../../src/state/model.svelte.ts';
import { ObjectiveChoice, ObjectiveList } from '../../../src/state/objectives.svelte.ts';
import { Settings } from '../../../src/state/settings.svelte.ts';

const figures = {
  promptTokens: 1,
  replyTokens: 1,
  timeToFirstTokenSeconds: 1,
  prefillTokensPerSecond: 1,
  decodeTokensPerSecond: 1,
  totalSeconds: 1,
};

/** The engine's place is taken by an aligner that answers at once with what its model is called. */
function setUp() {
  const models = [
    { id: 'a', name: 'Model A', family: 'UltraFeedback' },
    { id: 'b', name: 'Model B', family: 'IMHI' },
  ];
  const model = {
    models,
    chosen: models[0],
    status: { kind: 'ready' },
    choose: (id: string) => {
      model.chosen = models.find((candidate) => candidate.id === id);
    },
  };
  const aligner: Pick<Aligner, 'align'> = {
    align: (prompt, _settings, onText, _signal, modelId) => {
      const text = `by ${modelId ?? ''}`;
      onText(text);
      const generation = { text, tokenIds: [], finishReason: 'stop', figures } as const;
      return Promise.resolve<Outcome>(
        prompt.text.includes('Fairness:') ? { kind: 'not-started' } : { kind: 'finished', generation },
      );
    },
  };
  const desk = {
    query: 'q',
    answer: 'an answer',
    objectives: new ObjectiveChoice(new ObjectiveList(), () => FAMILIES.UltraFeedback),
  };
  const records: AlignmentRecord[] = [];
  const comparison = new Comparison(
    aligner as Aligner,
    desk as unknown as Alignment,
    model as unknown as ModelState,
    new Settings(),
    (record) => records.push(record),
  );
  return { comparison, records, model };
}

test('every column goes by its own objectives and model, and what it wrote is handed on to be kept', async () => {
  const { comparison, records, model } = setUp();
  comparison.add(['honesty']);
  comparison.add(['correct']);
  const [, second] = comparison.columns;
  if (second) second.modelId = 'b';
  await comparison.run();
  expect(comparison.columns.map(({ state }) => state.kind)).toEqual(['finished', 'finished']);
  expect(records).toMatchObject([
    {
      model: { id: 'a', name: 'Model A' },
      family: 'UltraFeedback',
      objectives: ['Honesty: the response should not tell lies'],
      query: 'q',
      answer: 'an answer',
      editedAnswer: 'by a',
    },
    {
      model: { id: 'b', name: 'Model B' },
      family: 'IMHI',
      objectives: ['Correctness: the explanations should make correct predictions'],
      editedAnswer: 'by b',
    },
  ]);
  expect(model.chosen?.id).toBe('a');
});

test('a column that did not start leaves nothing to keep', async () => {
  const { comparison, records } = setUp();
  comparison.add(['fair']);
  await comparison.run();
  expect(comparison.columns[0]?.state).toEqual({ kind: 'failed', error: undefined });
  expect(records).toEqual([]);
});
