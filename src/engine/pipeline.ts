import type { MLCEngine } from '@mlc-ai/web-llm';

/**
 * The one place that reaches into WebLLM's private parts, as they are in version 0.2.86. Each part is checked when it
 * is taken, so that another version fails here, by name, and not somewhere later.
 */

/** WebLLM's release that the private parts below were read in. */
export const TESTED_WEBLLM = '0.2.86';

/** Reading and writing of token ids, which every model has. */
export interface Tokens {
  /** Ids that WebLLM puts before every prompt: one BOS. */
  readonly prefixIds: readonly number[];
  /** Ids that end a reply. */
  readonly stopIds: readonly number[];
  /** Token ids of a text, without BOS. */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** Ids of the reply that WebLLM generated last, end of sequence left out. */
  outputIds(): number[];
}

/**
 * The model as a function from token ids to the likeliest next id, with a cache of what it has read. Ids are read in
 * order; each method returns once the GPU has answered.
 */
export interface Forward {
  /** Tokens that the cache can hold, and that one step may take. */
  readonly contextWindow: number;
  readonly chunkSize: number;
  /** Tokens in the cache. */
  readonly length: number;
  /** Forgets everything. WebLLM's own conversation starts afresh too, so both may use the model in turn. */
  reset(): void;
  /** Reads any number of ids and returns the likeliest id after the last. */
  prefill(ids: readonly number[]): Promise<number>;
  /** Reads one id; the library's own kernel for that. */
  decode(id: number): Promise<number>;
  /** Reads up to `chunkSize` ids in one step and returns the likeliest id after each. */
  verify(ids: readonly number[]): Promise<number[]>;
  /** Takes the last so many ids back. */
  rollback(count: number): void;
}

export interface Pipeline {
  readonly tokens: Tokens;
  /** The model's own steps, or why this library or version of WebLLM does not offer them. */
  readonly forward: Forward | { readonly unavailable: string };
}

/** An object of TVM's runtime; only the members used here. */
interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  view(shape: readonly number[]): Tensor;
  copyFrom(data: Tensor | readonly number[]): Tensor;
  toArray(): Float32Array;
}
type Packed = (...parameters: unknown[]) => unknown;

interface Tvm {
  beginScope(): void;
  endScope(): void;
  detachFromCurrentScope<T>(value: T): T;
  makeShapeTuple(shape: readonly number[]): unknown;
  scalar(value: number, dtype: string): unknown;
  empty(shape: readonly number[], dtype: string, device: unknown): Tensor;
  cpu(): unknown;
  getGlobalFunc(name: string): Packed;
}

interface PrivatePipeline {
  readonly tvm: Tvm;
  readonly vm: { getFunction(name: string): Packed };
  readonly device: { sync(): Promise<void> };
  readonly params: unknown;
  readonly kvCache: unknown;
  readonly tokenizer: { encode(text: string): Int32Array; decode(ids: Int32Array): string };
  readonly conversation: { readonly config: { readonly system_prefix_token_ids?: readonly number[] | null } };
  readonly stopTokens: readonly number[];
  readonly outputIds: readonly number[];
  readonly prefillChunkSize: number;
  readonly contextWindowSize: number;
  readonly prefill: Packed;
  readonly decoding: Packed;
  getTokensEmbeddings(ids: readonly number[]): Tensor;
  fKVCacheBeginForward: Packed;
  fKVCacheEndForward: Packed;
  resetChat(): void;
}

/** What every model needs; without these nothing works. */
const TOKEN_PARTS = ['tokenizer', 'conversation', 'stopTokens', 'outputIds'] as const;
/** What the model's own steps need besides. */
const FORWARD_PARTS = [
  'tvm',
  'vm',
  'device',
  'params',
  'kvCache',
  'prefillChunkSize',
  'contextWindowSize',
  'prefill',
  'decoding',
  'getTokensEmbeddings',
  'fKVCacheBeginForward',
  'fKVCacheEndForward',
  'resetChat',
] as const;

/** @throws Error naming the missing part when WebLLM's insides are not the ones this was written for. */
export function openPipeline(engine: MLCEngine, modelId: string, webllmVersion: string): Pipeline {
  const { loadedModelIdToPipeline } = engine as unknown as {
    loadedModelIdToPipeline?: ReadonlyMap<string, Partial<PrivatePipeline>>;
  };
  const found = loadedModelIdToPipeline?.get(modelId);
  if (!found) throw new Error('This version of WebLLM has no loadedModelIdToPipeline.');
  const absent = TOKEN_PARTS.find((part) => found[part] === undefined);
  if (absent !== undefined) throw new Error(`This version of WebLLM has no pipeline.${absent}.`);
  // The parts that `openForward` uses are checked there.
  const pipeline = found as PrivatePipeline;
  return { tokens: openTokens(pipeline), forward: openForward(pipeline, webllmVersion) };
}

function openTokens(pipeline: PrivatePipeline): Tokens {
  return {
    prefixIds: pipeline.conversation.config.system_prefix_token_ids ?? [],
    stopIds: pipeline.stopTokens,
    encode: (text) => Array.from(pipeline.tokenizer.encode(text)),
    decode: (ids) => pipeline.tokenizer.decode(Int32Array.from(ids)),
    outputIds: () => [...pipeline.outputIds],
  };
}

function openForward(pipeline: PrivatePipeline, webllmVersion: string): Pipeline['forward'] {
  if (webllmVersion !== TESTED_WEBLLM)
    return { unavailable: `WebLLM is ${webllmVersion}, tested with ${TESTED_WEBLLM}` };
  const absent = FORWARD_PARTS.find((part) => (pipeline as Partial<PrivatePipeline>)[part] === undefined);
  if (absent !== undefined) return { unavailable: `WebLLM has no pipeline.${absent}` };
  try {
    return new PipelineForward(pipeline);
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}

class PipelineForward implements Forward {
  readonly contextWindow: number;
  readonly chunkSize: number;
  length = 0;
  readonly #pipeline: PrivatePipeline;
  readonly #verify: Packed;
  readonly #popn: Packed;

  constructor(pipeline: PrivatePipeline) {
    this.#pipeline = pipeline;
    this.contextWindow = pipeline.contextWindowSize;
    this.chunkSize = pipeline.prefillChunkSize;
    const { tvm, vm } = pipeline;
    tvm.beginScope();
    try {
      this.#verify = taken(tvm, 'the library has no batch_verify', () => vm.getFunction('batch_verify'));
      this.#popn = taken(tvm, 'the library cannot roll its cache back', () =>
        tvm.getGlobalFunc('vm.builtin.kv_state_popn'),
      );
    } finally {
      tvm.endScope();
    }
  }

  reset(): void {
    this.#pipeline.resetChat();
    this.length = 0;
  }

  async prefill(ids: readonly number[]): Promise<number> {
    let next = -1;
    for (let start = 0; start < ids.length; start += this.chunkSize) {
      const chunk = ids.slice(start, start + this.chunkSize);
      // As WebLLM does: a chunk of a single id goes through `decode`.
      const [id = -1] = await this.#step(
        chunk.length > 1 ? this.#pipeline.prefill : this.#pipeline.decoding,
        chunk,
      );
      next = id;
    }
    return next;
  }

  async decode(id: number): Promise<number> {
    const [next = -1] = await this.#step(this.#pipeline.decoding, [id]);
    return next;
  }

  verify(ids: readonly number[]): Promise<number[]> {
    return this.#step(this.#verify, ids);
  }

  rollback(count: number): void {
    if (count === 0) return;
    const { tvm, kvCache } = this.#pipeline;
    this.#popn(kvCache, tvm.scalar(0, 'int64'), tvm.scalar(count, 'int32'));
    this.length -= count;
  }

  /** Runs one of the library's functions over some ids; the likeliest id for each row of logits it returns. */
  async #step(run: Packed, ids: readonly number[]): Promise<number[]> {
    const { tvm, kvCache, params, device } = this.#pipeline;
    const pipeline = this.#pipeline;
    let logits: Tensor;
    tvm.beginScope();
    try {
      const embeddings = pipeline.getTokensEmbeddings(ids);
      pipeline.fKVCacheBeginForward(kvCache, tvm.makeShapeTuple([0]), tvm.makeShapeTuple([ids.length]));
      const result = run(embeddings.view([1, ...embeddings.shape]), kvCache, params) as {
        get(index: number): Tensor;
      };
      pipeline.fKVCacheEndForward(kvCache);
      this.length += ids.length;
      const onGpu = result.get(0);
      logits = tvm.detachFromCurrentScope(tvm.empty(onGpu.shape, onGpu.dtype, tvm.cpu()));
      logits.copyFrom(onGpu);
    } finally {
      tvm.endScope();
    }
    await device.sync();
    try {
      return likeliest(logits.toArray(), logits.shape.at(-1) ?? 1);
    } finally {
      (logits as unknown as { dispose(): void }).dispose();
    }
  }
}

/** Takes a function out of the current scope, so that it outlives it. */
function taken(tvm: Tvm, absence: string, get: () => Packed): Packed {
  try {
    return tvm.detachFromCurrentScope(get());
  } catch {
    throw new Error(absence);
  }
}

/** Index of the largest value in each row. */
function likeliest(values: Float32Array, rowLength: number): number[] {
  const best: number[] = [];
  for (let row = 0; row < values.length; row += rowLength) {
    let index = 0;
    for (let column = 1; column < rowLength; column++) {
      if ((values[row + column] ?? 0) > (values[row + index] ?? 0)) index = column;
    }
    best.push(index);
  }
  return best;
}
