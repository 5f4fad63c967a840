/**
 * What the page and the engine worker say to each other. Every request carries a number; its answers carry the same
 * number. Plain data only, so that everything survives structured cloning.
 */

/** A model build that the worker can load; all addresses are absolute. */
export interface LoadableModel {
  readonly id: string;
  /** Folder of the model build, ending in "/". */
  readonly weightsUrl: string;
  readonly libraryUrl: string;
  /** Tokens that prompt and reply may take together. */
  readonly contextWindow: number;
  /** WebGPU features the library was compiled for, such as "shader-f16". */
  readonly requiredFeatures: readonly string[];
}

export interface GenerationSettings {
  /** 0 is greedy decoding: the likeliest token each time. */
  readonly temperature: number;
  readonly maxNewTokens: number;
}

export type LoadPhase = 'starting' | 'weights' | 'shaders';

export interface LoadProgress {
  readonly phase: LoadPhase;
  /** Share of the whole load that is done, 0 to 1, never falling. */
  readonly fraction: number;
}

export interface LoadedModel {
  /** What the browser says about the graphics adapter; may be empty. */
  readonly adapter: string;
}

export interface Figures {
  readonly promptTokens: number;
  readonly replyTokens: number;
  readonly timeToFirstTokenSeconds: number;
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  readonly totalSeconds: number;
}

export interface Generation {
  readonly text: string;
  /** The reply's tokens, end of sequence left out. */
  readonly tokenIds: readonly number[];
  /** 'stop': the model ended; 'length': a limit ended it; 'abort': the person did. */
  readonly finishReason: 'stop' | 'length' | 'abort';
  readonly figures: Figures;
}

export type EngineErrorCode =
  | 'insecure-context'
  | 'no-webgpu'
  | 'no-adapter'
  | 'missing-feature'
  | 'out-of-memory'
  | 'network'
  | 'load-failed'
  | 'not-loaded'
  | 'prompt-too-long'
  | 'device-lost'
  | 'worker-crashed'
  | 'generation-failed';

export interface EngineFailure {
  readonly code: EngineErrorCode;
  /** What went wrong, in the words of the part that noticed it. */
  readonly detail: string;
}

export type EngineRequest =
  | { readonly kind: 'load'; readonly request: number; readonly model: LoadableModel }
  | { readonly kind: 'tokenize'; readonly request: number; readonly text: string }
  | {
      readonly kind: 'generate';
      readonly request: number;
      readonly prompt: string;
      readonly settings: GenerationSettings;
    }
  | { readonly kind: 'stop'; readonly request: number };

export type EngineResponse =
  | { readonly kind: 'progress'; readonly request: number; readonly progress: LoadProgress }
  | { readonly kind: 'loaded'; readonly request: number; readonly loaded: LoadedModel }
  | { readonly kind: 'tokenized'; readonly request: number; readonly tokenIds: readonly number[] }
  /** The reply so far, whole: an update may be dropped or replaced without harm. */
  | { readonly kind: 'text'; readonly request: number; readonly text: string }
  | { readonly kind: 'generated'; readonly request: number; readonly generation: Generation }
  | { readonly kind: 'failed'; readonly request: number; readonly failure: EngineFailure }
  /** The graphics device is gone; the worker must be replaced. */
  | { readonly kind: 'device-lost'; readonly detail: string };
