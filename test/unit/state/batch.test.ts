import 'fake-indexeddb/auto';
import { beforeEach, expect, test, vi } from 'vitest';
import { FAMILIES } from '../../../src/domain/families.ts';
import type { Prompt } from '../../../src/domain/prompt.ts';
import { tokenBudget } from '../../../src/domain/token-budget.ts';
import { EngineError } from '../../../src/engine/errors.ts';
import type { Outcome } from '../../../src/state/aligner.ts';
import { Batch } from '../../../src/state/batch.svelte.ts';
import { Keeping } from '../../../src/state/keeping.svelte.ts';
import { ObjectiveChoice, ObjectiveList } from '../../../src/state/objectives.svelte.ts';
import { Settings } from '../../../src/state/settings.svelte.ts';
import { replaceBatch } from '../../../src/storage/batch.ts';

const figures = {
  promptTokens: 100,
  replyTokens: 20,
  timeToFirstTokenSeconds: 0.5,
  prefillTokensPerSecond: 200,
  decodeTokensPerSecond: 40,
  totalSeconds: 1,
};

function finished(text: string, finishReason: 'stop' | 'abort' = 'stop'): Outcome {
  return { kind: 'finished', generation: { text, tokenIds: [], finishReason, figures } };
}

type Align = (prompt: Prompt, signal: AbortSignal) => Outcome | Promise<Outcome>;

/** The engine's place is taken by a function, so that failures and pauses come exactly when a test wants them. */
function page(align: Align) {
  const demo = { id: 'demo', name: 'Demo' };
  const other = { id: 'other', name: 'Other' };
  const model = {
    models: [demo, other],
    chosen: demo,
    choose: (id: string) => {
      model.chosen = id === 'other' ? other : demo;
    },
    cancelLoading: () => undefined,
  };
  const seen: string[] = [];
  const keeping = new Keeping();
  const choice = new ObjectiveChoice(new ObjectiveList(), () => FAMILIES.UltraFeedback);
  choice.tick('honesty', true);
  const batch = new Batch({
    aligner: {
      align: async (prompt, _settings, _onText, signal) => {
        seen.push(prompt.text.slice(...prompt.answerSpan));
        return align(prompt, signal);
      },
    },
    model,
    settings: new Settings(),
    keeping,
    choice,
    desk: { ticked: ['fair'] },
    locks: undefined,
  });
  return { batch, model, seen, keeping, choice };
}

const upperCase: Align = ({ text, answerSpan }) => finished(text.slice(...answerSpan).toUpperCase());
const csv = (...rows: string[]): Uint8Array =>
  new TextEncoder().encode(`query,goldens,generated_text\n${rows.join('\n')}\n`);
const five = csv('q,,a', 'q,,b', 'q,,c', 'q,,d', 'q,,e');
const edited = ({ results }: Batch): (string | undefined)[] =>
  results.map((result) => (result?.state === 'done' ? result.editedAnswer : result?.state));

async function reloaded(align: Align) {
  const after = page(align);
  await after.batch.restore();
  return after;
}

beforeEach(() => replaceBatch(undefined));

test('every row is aligned with the same objectives, and all of it is there after a reload', async () => {
  const prompts: string[] = [];
  const { batch } = page((prompt, signal) => {
    prompts.push(prompt.text);
    return upperCase(prompt, signal);
  });
  await batch.openFile('five.csv', five);
  await batch.start();
  expect(edited(batch)).toEqual(['A', 'B', 'C', 'D', 'E']);
  expect(prompts[4]).toContain(
    'aspects: Honesty: the response should not tell lies | Query: q | Answer: e | Edit: ',
  );
  const after = await reloaded(upperCase);
  expect(edited(after.batch)).toEqual(['A', 'B', 'C', 'D', 'E']);
  expect(after.batch.setup).toEqual(batch.setup);
  expect(after.batch.fileName).toBe('five.csv');
});

test('a pause ends after the row under way; going on does no row twice', async () => {
  const { batch, seen } = page((prompt, signal) => {
    if (batch.current === 1) batch.pause();
    return upperCase(prompt, signal);
  });
  await batch.openFile('five.csv', five);
  await batch.start();
  expect(edited(batch)).toEqual(['A', 'B', undefined, undefined, undefined]);
  expect(batch.status).toBe('idle');
  await batch.start();
  expect(edited(batch)).toEqual(['A', 'B', 'C', 'D', 'E']);
  expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('stopped, the row under way is not kept and begins anew', async () => {
  let stops = 0;
  const { batch, seen } = page((prompt, signal) => {
    if (batch.current !== 1 || stops++ > 0) return upperCase(prompt, signal);
    batch.stop();
    return finished('half a ', 'abort');
  });
  await batch.openFile('five.csv', five);
  await batch.start();
  expect(edited(batch)).toEqual(['A', undefined, undefined, undefined, undefined]);
  expect(batch.problem).toBeUndefined();
  await batch.start();
  expect(edited(batch)).toEqual(['A', 'B', 'C', 'D', 'E']);
  expect(seen).toEqual(['a', 'b', 'b', 'c', 'd', 'e']);
});

test('a page that went away in the middle of a row goes on at that row, with the objectives it began with', async () => {
  const { batch } = page((prompt, signal) =>
    batch.current === 2 ? new Promise<Outcome>(() => undefined) : upperCase(prompt, signal),
  );
  await batch.openFile('five.csv', five);
  void batch.start();
  await vi.waitFor(() => {
    expect(batch.current).toBe(2);
  });
  const after = await reloaded(upperCase);
  after.choice.set(['len']);
  after.model.choose('other');
  await after.batch.start();
  expect(after.seen).toEqual(['c', 'd', 'e']);
  expect(after.model.chosen.id).toBe('demo');
  expect(after.batch.setup?.objectives).toEqual(['Honesty: the response should not tell lies']);
});

test('too long a row is marked and skipped; a failed one can be retried', async () => {
  let broken = true;
  const { batch, seen } = page((prompt, signal) => {
    if (batch.current === 1) return { kind: 'too-long', budget: tokenBudget(900, 1000, 500) };
    if (batch.current === 3 && broken)
      throw new EngineError({ code: 'generation-failed', detail: 'Overheated.' });
    return upperCase(prompt, signal);
  });
  await batch.openFile('five.csv', five);
  await batch.start();
  expect(edited(batch)).toEqual(['A', 'too-long', 'C', 'failed', 'E']);
  expect(batch.results[1]).toEqual({ state: 'too-long', promptTokens: 900, maxPromptTokens: 500 });
  broken = false;
  await batch.retryFailed();
  expect(edited((await reloaded(upperCase)).batch)).toEqual(['A', 'too-long', 'C', undefined, 'E']);
  await batch.start();
  expect(edited(batch)).toEqual(['A', 'too-long', 'C', 'D', 'E']);
  expect(seen).toEqual(['a', 'b', 'c', 'd', 'e', 'd']);
});

test('three failures in a row stop the batch and say what the engine said', async () => {
  const { batch, seen } = page(() => {
    throw new EngineError({ code: 'device-lost', detail: 'The device is gone.' });
  });
  await batch.openFile('five.csv', five);
  await batch.start();
  expect(seen).toHaveLength(3);
  expect(batch.problem).toEqual({ kind: 'failing', rows: 3, detail: 'The device is gone.' });
  expect(batch.counts).toMatchObject({ failed: 3, waiting: 2 });
});

test('without a model the batch stops and its rows wait', async () => {
  const { batch } = page(() => ({ kind: 'not-started' }));
  await batch.openFile('five.csv', five);
  await batch.start();
  expect(batch.problem).toEqual({ kind: 'no-model' });
  expect(batch.counts.waiting).toBe(5);
});

test('another model chosen meanwhile stops the batch after the row under way', async () => {
  const { batch, model } = page((prompt, signal) => {
    if (batch.current === 2 && batch.counts.done === 2) model.choose('other');
    return upperCase(prompt, signal);
  });
  await batch.openFile('five.csv', five);
  await batch.start();
  expect(batch.problem).toEqual({ kind: 'model-changed', name: 'Demo' });
  expect(edited(batch)).toEqual(['A', 'B', 'C', undefined, undefined]);
  await batch.start();
  expect(edited(batch)).toEqual(['A', 'B', 'C', 'D', 'E']);
  expect(model.chosen.id).toBe('demo');
});

test('a batch begins with the desk’s objectives, unless others were chosen for it', async () => {
  const { batch, choice } = page(upperCase);
  choice.set([]);
  await batch.openFile('five.csv', five);
  expect(choice.ticked).toEqual(['fair']);
  choice.set(['len']);
  await batch.openFile('five.csv', five);
  expect(choice.ticked).toEqual(['len']);
});

test('an empty answer is aligned as an empty answer; empty and ragged rows are left alone', async () => {
  const { batch, seen } = page(upperCase);
  await batch.openFile('odd.csv', csv('q,,', ',gold,', 'a,b,c,d', '=1+1,,=2+2'));
  await batch.start();
  expect(seen).toEqual(['', '=2+2']);
  expect(batch.states).toEqual(['done', 'blank', 'ragged', 'done']);
});

test('a file with a fault changes nothing', async () => {
  const { batch } = page(upperCase);
  await batch.openFile('five.csv', five);
  await batch.openFile('bad.csv', csv('q,,"open'));
  expect(batch.problem).toEqual({
    kind: 'file',
    file: 'bad.csv',
    problem: { kind: 'quotes', row: 1, open: true },
  });
  expect(batch.fileName).toBe('five.csv');
});

test('columns are mapped by hand until the first row starts', async () => {
  const { batch, seen } = page(upperCase);
  await batch.openFile('own.csv', new TextEncoder().encode('reply;prompt\nx;y\n'));
  expect(batch.obstacle).toBe('noQueryColumn');
  await batch.map('query', 1);
  expect(batch.obstacle).toBe('noAnswerColumn');
  await batch.map('answer', 0);
  expect(batch.obstacle).toBeUndefined();
  await batch.start();
  expect(seen).toEqual(['x']);
  await batch.map('answer', 1);
  expect(batch.mapping).toEqual({ query: 1, answer: 0 });
});

test('starting over, closing and opening another file can be undone', async () => {
  const { batch } = page(upperCase);
  await batch.openFile('five.csv', five);
  await batch.start();
  for (const letGo of [
    () => batch.startOver(),
    () => batch.close(),
    () => batch.openFile('other.csv', csv('q,,x')),
  ]) {
    await letGo();
    expect(edited(batch)).not.toContain('A');
    await batch.undo();
    expect(edited(batch)).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(edited((await reloaded(upperCase)).batch)).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(batch.canUndo).toBe(false);
  }
});

test('rows that another tab finished are not done again; another file opened there is not mixed with this one', async () => {
  const first = page(upperCase);
  await first.batch.openFile('five.csv', five);
  const second = await reloaded(upperCase);
  await first.batch.start();
  await second.batch.start();
  expect(second.seen).toEqual([]);
  await second.batch.openFile('other.csv', csv('q,,x'));
  await first.batch.startOver();
  await second.batch.start();
  expect(edited(second.batch)).toEqual(['X']);
  expect(edited((await reloaded(upperCase)).batch)).toEqual(['X']);
});

test('where the browser keeps nothing, the batch runs in memory and says so once', async () => {
  const { batch, keeping } = page(upperCase);
  const open = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
    throw new DOMException('Private window.', 'InvalidStateError');
  });
  // The connection of earlier tests stays open; only a new database would be refused, so transactions are, too.
  const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
    throw new DOMException('Private window.', 'InvalidStateError');
  });
  try {
    await batch.openFile('five.csv', five);
    await batch.start();
  } finally {
    open.mockRestore();
    transaction.mockRestore();
  }
  expect(edited(batch)).toEqual(['A', 'B', 'C', 'D', 'E']);
  expect(keeping.problem).toMatchObject({ reason: 'refused' });
});

test('the time left follows from the rows that are through', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { batch } = page((prompt, signal) => {
    vi.advanceTimersByTime(2000);
    if (batch.current === 1) batch.pause();
    return upperCase(prompt, signal);
  });
  await batch.openFile('five.csv', five);
  expect(batch.secondsLeft).toBeUndefined();
  await batch.start();
  vi.useRealTimers();
  // Two rows in four seconds, three rows of the same length to go.
  expect(batch.secondsLeft).toBeCloseTo(6);
});
