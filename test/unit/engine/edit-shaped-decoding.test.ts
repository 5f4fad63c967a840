import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StepCosts } from '../../../src/domain/step-costs.ts';
import { decodeEditShaped, type EditShapedRequest } from '../../../src/engine/edit-shaped-decoding.ts';
import { greedy, ToyForward } from './toy-forward.ts';

const STOP = 2;
const cheapSteps = () =>
  new StepCosts([
    [1, 10],
    [17, 12],
  ]);

/** Mixes the last ids into the next one; a small vocabulary makes repeats, copies and stops frequent. */
function mixing(seed: number, vocabulary: number, memory: number) {
  return (ids: readonly number[]): number => {
    let hash = seed;
    for (const id of ids.slice(-memory)) hash = (Math.imul(hash ^ id, 0x01000193) >>> 0) % 0x7fffffff;
    return 2 + (hash % vocabulary);
  };
}

/** Copies what followed the last id where it first stood in the prompt: the nature of an edit. */
const copying = (ids: readonly number[]): number => {
  const last = ids.at(-1);
  const place = ids.indexOf(last ?? -1);
  return ids[place + 1] ?? STOP;
};

function request(changes: Partial<EditShapedRequest>): EditShapedRequest {
  return {
    promptIds: [1, 5, 6, 7],
    answer: [1, 4],
    maxNewTokens: 50,
    costs: cheapSteps(),
    stopped: () => false,
    onTokens: () => undefined,
    ...changes,
  };
}

test('gives the tokens and the ending of plain greedy decoding, whatever the model, prompt and limits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.integer({ min: 2, max: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.integer({ min: 3, max: 14 }), { minLength: 1, maxLength: 80 }),
      fc.nat(80),
      fc.nat(80),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 40 }),
      async (seed, vocabulary, memory, ids, from, to, maxNewTokens, room) => {
        const promptIds = [1, ...ids];
        const contextWindow = promptIds.length + room;
        const make = () => new ToyForward(mixing(seed, vocabulary, memory), contextWindow, 16);
        const answer = [
          Math.min(from, to, promptIds.length),
          Math.min(Math.max(from, to), promptIds.length),
        ] as const;
        const plain = await greedy(make(), promptIds, [STOP], maxNewTokens);
        const shaped = await decodeEditShaped(
          make(),
          { stopIds: [STOP] },
          request({ promptIds, answer, maxNewTokens }),
        );
        expect(shaped.tokenIds).toEqual(plain.tokenIds);
        expect(shaped.finishReason).toBe(plain.finishReason);
      },
    ),
    { numRuns: 400 },
  );
});

test('a prompt that overflows the context is refused before the model reads it', async () => {
  const forward = new ToyForward(copying, 3);
  await expect(decodeEditShaped(forward, { stopIds: [STOP] }, request({}))).rejects.toMatchObject({
    code: 'prompt-too-long',
  });
  expect(forward.steps).toEqual([]);
});

test('a copied answer takes a fraction of the steps', async () => {
  const answer = Array.from({ length: 60 }, (_, index) => 100 + index);
  const promptIds = [1, 10, ...answer, 11, 10];
  const forward = new ToyForward(copying);
  const { tokenIds, steps } = await decodeEditShaped(
    forward,
    { stopIds: [STOP] },
    request({ promptIds, answer: [2, 62], maxNewTokens: 60 }),
  );
  expect(tokenIds).toEqual(answer);
  expect(steps).toBeLessThan(12);
});

test('hands the reply out after every step, and each time it has grown', async () => {
  const lengths: number[] = [];
  await decodeEditShaped(
    new ToyForward(mixing(7, 9, 2)),
    { stopIds: [] },
    request({ maxNewTokens: 30, onTokens: (ids) => lengths.push(ids.length) }),
  );
  expect(lengths[0]).toBe(1);
  expect(lengths.at(-1)).toBe(30);
  expect(lengths.every((length, index) => index === 0 || length > (lengths[index - 1] ?? 0))).toBe(true);
});

test('stopped between two steps, it keeps what came, and leaves the model empty for the next run', async () => {
  const forward = new ToyForward(mixing(3, 9, 2));
  let reply: readonly number[] = [];
  const { tokenIds, finishReason } = await decodeEditShaped(
    forward,
    { stopIds: [] },
    request({ maxNewTokens: 200, stopped: () => reply.length >= 5, onTokens: (ids) => (reply = [...ids]) }),
  );
  expect(finishReason).toBe('abort');
  expect(tokenIds).toEqual(reply);
  expect(tokenIds.length).toBeLessThan(40);
  expect(forward.length).toBe(0);
});

test('on a device where a longer step costs as much as its tokens, it takes plain steps only', async () => {
  const forward = new ToyForward(copying);
  const promptIds = [1, 10, 20, 21, 22, 23, 24, 11, 10];
  // The clock sees the toy's steps as free, so the costs are held where they were measured.
  const costs = new StepCosts([
    [1, 1e9],
    [2, 2e9],
    [17, 17e9],
  ]);
  costs.observe = () => undefined;
  await decodeEditShaped(
    forward,
    { stopIds: [STOP] },
    request({ promptIds, answer: [2, 7], maxNewTokens: 5, costs }),
  );
  expect(forward.steps).toEqual([promptIds.length, 1, 1, 1, 1]);
});
