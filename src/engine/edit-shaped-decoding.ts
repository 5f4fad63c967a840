import { Drafter } from '../domain/drafter.ts';
import type { StepCosts } from '../domain/step-costs.ts';
import { EngineError } from './errors.ts';
import type { Forward, Tokens } from './pipeline.ts';
import type { Generation } from './protocol.ts';

/**
 * Greedy decoding that guesses the next tokens from the answer being edited and checks all guesses in one step of the
 * model. A guess is kept only where it is what the model would have chosen, so the tokens are those of plain greedy
 * decoding, one by one; only the number of steps differs.
 */
export interface EditShapedReply {
  readonly tokenIds: readonly number[];
  readonly finishReason: Generation['finishReason'];
  /** Steps after the prompt was read; each gives at least one token. */
  readonly steps: number;
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
}

export interface EditShapedRequest {
  /** Ids of the whole prompt, BOS included. */
  readonly promptIds: readonly number[];
  /** Where the answer lies in them: [start, end). */
  readonly answer: readonly [number, number];
  readonly maxNewTokens: number;
  readonly costs: StepCosts;
  /** Asked between steps. */
  readonly stopped: () => boolean;
  /** Gets the reply's ids so far, after each step. */
  readonly onTokens: (ids: readonly number[]) => void;
}

/** @throws EngineError 'prompt-too-long' when the prompt alone overflows the context */
export async function decodeEditShaped(
  forward: Forward,
  tokens: Pick<Tokens, 'stopIds'>,
  { promptIds, answer, maxNewTokens, costs, stopped, onTokens }: EditShapedRequest,
): Promise<EditShapedReply> {
  if (promptIds.length > forward.contextWindow)
    throw new EngineError({
      code: 'prompt-too-long',
      detail: `The prompt has ${promptIds.length} tokens, the context ${forward.contextWindow}.`,
    });
  const started = performance.now();
  const drafter = new Drafter(promptIds, answer, tokens.stopIds[0] ?? -1);
  const reply: number[] = [];
  let steps = 0;
  let finishReason: Generation['finishReason'] | undefined;

  const running = (): boolean => finishReason === undefined;
  /** The end conditions of WebLLM, in its order. `filled`: tokens in the cache when this one was chosen. */
  const take = (id: number, filled: number): void => {
    if (tokens.stopIds.includes(id)) finishReason = 'stop';
    else {
      reply.push(id);
      drafter.append(id);
      if (reply.length >= maxNewTokens || filled >= forward.contextWindow) finishReason = 'length';
    }
  };

  forward.reset();
  take(await forward.prefill(promptIds), promptIds.length);
  const prefilled = performance.now();
  onTokens(reply);
  while (running()) {
    if (stopped()) {
      finishReason = 'abort';
      break;
    }
    const last = reply.at(-1) ?? 0;
    // Room for guesses: in the cache (the last token goes in too), in the reply (a step gives one more) and in a step.
    const limit = Math.min(
      forward.contextWindow - forward.length - 1,
      maxNewTokens - reply.length - 1,
      forward.chunkSize - 1,
    );
    const draft = drafter.propose(costs, Math.max(0, limit));
    const before = forward.length;
    const stepStarted = performance.now();
    const chosen = draft.length === 0 ? [await forward.decode(last)] : await forward.verify([last, ...draft]);
    costs.observe(draft.length + 1, performance.now() - stepStarted);
    steps++;
    let right = 0;
    while (right < draft.length && draft[right] === chosen[right]) right++;
    forward.rollback(draft.length - right);
    for (let index = 0; index <= right && running(); index++) take(chosen[index] ?? 0, before + 1 + index);
    onTokens(reply);
  }
  // The cache may hold guesses beyond a stop token; nothing of this reply is used again.
  forward.reset();
  return {
    tokenIds: reply,
    finishReason: finishReason ?? 'stop',
    steps,
    prefillSeconds: (prefilled - started) / 1000,
    decodeSeconds: (performance.now() - prefilled) / 1000,
  };
}
