import { expect, test } from 'vitest';
import type { Generation } from '../../../src/engine/protocol.ts';
import { Aligner } from '../../../src/state/aligner.ts';

const settings = { temperature: 0, maxNewTokens: 10, editShaped: true };
const figures = {
  promptTokens: 1,
  replyTokens: 1,
  timeToFirstTokenSeconds: 1,
  prefillTokensPerSecond: 1,
  decodeTokensPerSecond: 1,
  totalSeconds: 1,
};
const prompt = (text: string) => ({ text, answerSpan: [0, 0] as const });

/** An engine whose replies come when the test lets them. */
function setUp({ ready = true, promptTokens = 5 } = {}) {
  const events: string[] = [];
  const replies: (() => void)[] = [];
  const model = {
    contextWindow: 20,
    ensureReady: () => Promise.resolve(ready),
    choose: (id: string) => {
      events.push(`choose ${id}`);
    },
  };
  const aligner = new Aligner(
    {
      tokenize: () => Promise.resolve(Array<number>(promptTokens).fill(7)),
      generate: ({ text }) => {
        events.push(`start ${text}`);
        return new Promise<Generation>((resolve) => {
          replies.push(() => {
            events.push(`end ${text}`);
            resolve({ text: `re: ${text}`, tokenIds: [], finishReason: 'stop', figures });
          });
        });
      },
    },
    model,
  );
  const align = (text: string, signal = new AbortController().signal, modelId?: string) =>
    aligner.align(prompt(text), settings, () => undefined, signal, modelId);
  /** Lets everything that can go on without a reply go on. */
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  return { align, events, replies, settle };
}

test('alignments take turns, each with the model it asks for', async () => {
  const { align, events, replies, settle } = setUp();
  const first = align('one', undefined, 'a');
  const second = align('two', undefined, 'b');
  await settle();
  replies[0]?.();
  expect(await first).toMatchObject({ kind: 'finished', generation: { text: 're: one' } });
  await settle();
  replies[1]?.();
  await second;
  expect(events).toEqual(['choose a', 'start one', 'end one', 'choose b', 'start two', 'end two']);
});

test('one that is given up while it waits ends at once and never reaches the engine', async () => {
  const { align, events, replies, settle } = setUp();
  const first = align('one');
  const abort = new AbortController();
  const second = align('two', abort.signal);
  await settle();
  abort.abort();
  expect(await second).toEqual({ kind: 'not-started' });
  replies[0]?.();
  await first;
  await settle();
  expect(events).toEqual(['start one', 'end one']);
});

test('a failure is told to whoever asked, and does not hold up the next', async () => {
  const failing = new Aligner(
    {
      tokenize: () => Promise.reject(new Error('broken')),
      generate: () => Promise.reject(new Error('never')),
    },
    { contextWindow: 20, ensureReady: () => Promise.resolve(true), choose: () => undefined },
  );
  const { signal } = new AbortController();
  const both = [1, 2].map(() => failing.align(prompt('x'), settings, () => undefined, signal));
  await expect(both[0]).rejects.toThrow('broken');
  await expect(both[1]).rejects.toThrow('broken');
});

test('without a model nothing starts; a prompt without room for the reply is told with its numbers', async () => {
  expect(await setUp({ ready: false }).align('one')).toEqual({ kind: 'not-started' });
  const { align, events } = setUp({ promptTokens: 13 });
  expect(await align('one')).toMatchObject({
    kind: 'too-long',
    budget: { promptTokens: 13, maxPromptTokens: 10, excess: 3 },
  });
  expect(events).toEqual([]);
});
