import type { BatchSetup, RowResult, RowTexts } from '../domain/batch.ts';
import type { FileProblem } from '../domain/batch-import.ts';
import { FAMILIES } from '../domain/families.ts';
import { buildPrompt } from '../domain/prompt.ts';
import { EngineError } from '../engine/errors.ts';
import type { Aligner, Outcome } from './aligner.ts';

export type BatchProblem =
  | { readonly kind: 'file'; readonly file: string; readonly problem: FileProblem }
  /** The model did not load; its own state says why. */
  | { readonly kind: 'no-model' }
  /** The model that the batch began with is no longer on offer. */
  | { readonly kind: 'model-gone'; readonly name: string }
  /** Another model was chosen while the batch ran. */
  | { readonly kind: 'model-changed'; readonly name: string }
  | { readonly kind: 'failing'; readonly rows: number; readonly detail: string }
  /** Another tab of this browser runs a batch. */
  | { readonly kind: 'other-tab' };

/** A row that came to an end or, when the batch can't go on, why; a stopped row has no problem and still waits. */
export type RowOutcome =
  | { readonly ended: true; readonly result: RowResult }
  | { readonly ended: false; readonly problem: BatchProblem | undefined };

/**
 * Aligns one row of a batch.
 *
 * @param chosenModel id of the model that is chosen now: the person may choose another, which ends the batch
 */
export async function alignRow(
  aligner: Pick<Aligner, 'align'>,
  chosenModel: () => string,
  { model, family, objectives, settings }: BatchSetup,
  { query, answer }: RowTexts,
  signal: AbortSignal,
): Promise<RowOutcome> {
  const changed = (): boolean => chosenModel() !== model.id;
  const halt = (problem?: BatchProblem): RowOutcome => ({ ended: false, problem });
  const otherModel: BatchProblem = { kind: 'model-changed', name: model.name };
  if (changed()) return halt(otherModel);
  const prompt = buildPrompt(FAMILIES[family], objectives, query, answer);
  try {
    const outcome = await aligner.align(prompt, settings, () => undefined, signal, model.id);
    const result = resultOf(outcome);
    if (result) return { ended: true, result };
    return halt(signal.aborted ? undefined : { kind: 'no-model' });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (signal.aborted) return halt();
    if (changed()) return halt(otherModel);
    return { ended: true, result: { state: 'failed', code: error.code, detail: error.message } };
  }
}

/** Undefined for a row that never began or was stopped. */
function resultOf(outcome: Outcome): RowResult | undefined {
  switch (outcome.kind) {
    case 'finished': {
      const { text, finishReason, figures } = outcome.generation;
      return finishReason === 'abort'
        ? undefined
        : { state: 'done', editedAnswer: text, finishReason, figures };
    }
    case 'too-long': {
      const { promptTokens, maxPromptTokens } = outcome.budget;
      return { state: 'too-long', promptTokens, maxPromptTokens };
    }
    case 'not-started':
      return undefined;
  }
}
