import type { MLCEngine } from '@mlc-ai/web-llm';

/**
 * The one place that reaches into WebLLM's private parts. Each is checked when it is taken, so that another version
 * of WebLLM fails here, by name, and not somewhere later.
 */
export interface Pipeline {
  /** Token ids of a text, without BOS. */
  encode(text: string): number[];
  /** Ids that WebLLM puts before every prompt: one BOS. */
  readonly prefixTokenIds: readonly number[];
  /** Ids of the reply that was generated last, end of sequence left out. */
  outputIds(): number[];
}

interface PrivateEngine {
  readonly loadedModelIdToPipeline?: ReadonlyMap<string, PrivatePipeline>;
}

interface PrivatePipeline {
  readonly tokenizer?: { encode?(text: string): Int32Array };
  readonly outputIds?: number[];
  readonly conversation?: { readonly config?: { readonly system_prefix_token_ids?: number[] | null } };
}

/** @throws Error naming the missing part when WebLLM's insides are not the ones this was written for. */
export function openPipeline(engine: MLCEngine, modelId: string): Pipeline {
  const pipeline = required(
    (engine as unknown as PrivateEngine).loadedModelIdToPipeline?.get(modelId),
    'loadedModelIdToPipeline',
  );
  const tokenizer = required(pipeline.tokenizer, 'pipeline.tokenizer');
  if (typeof tokenizer.encode !== 'function') throw missing('tokenizer.encode');
  required(pipeline.outputIds, 'pipeline.outputIds');
  const { config } = required(pipeline.conversation, 'pipeline.conversation');
  return {
    encode: (text) => Array.from(required(tokenizer.encode?.(text), 'token ids')),
    prefixTokenIds: config?.system_prefix_token_ids ?? [],
    outputIds: () => [...required(pipeline.outputIds, 'pipeline.outputIds')],
  };
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw missing(name);
  return value;
}

function missing(name: string): Error {
  return new Error(`This version of WebLLM has no ${name}.`);
}
