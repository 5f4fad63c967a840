import type { SelfCheck } from './self-check.ts';

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
  /** What an earlier load of this very build on this adapter found; left out, the check runs. */
  readonly selfCheck?: KnownSelfCheck;
}

/** A self-check's result and what it holds for. */
export interface KnownSelfCheck extends SelfCheck {
  /** Names adapter, model build and engine version; a result counts only where they are the same. */
  readonly subject: string;
}

export interface GenerationSettings {
  /** 0 is greedy decoding: the likeliest token each time. */
  readonly temperature: number;
  readonly maxNewTokens: number;
  /** Whether guesses from the answer may be used (greedy decoding only); the tokens are the same either way. */
  readonly editShaped: boolean;
}

export type LoadPhase = 'starting' | 'weights' | 'shaders' | 'self-check';

export interface LoadProgress {
  readonly phase: LoadPhase;
  /** Share of the whole load that is done, 0 to 1, never falling. */
  readonly fraction: number;
}

export interface LoadedModel {
  /** What the browser says about the graphics adapter; may be empty. */
  readonly adapter: string;
  /** To be handed back at the next load of the same build; left out when the model's own steps can't be used. */
  readonly selfCheck?: KnownSelfCheck;
}

export interface Figures {
  readonly promptTokens: number;
  readonly replyTokens: number;
  readonly timeToFirstTokenSeconds: number;
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  readonly totalSeconds: number;
  /** Left out where it was not recorded. */
  readonly decoding?: Decoding;
}

/** How the reply was decoded: with guesses from the answer, or by WebLLM one token a step, and then why. */
export type Decoding =
  | { readonly path: 'edit-shaped'; readonly steps: number; readonly tokensPerStep: number }
  | { readonly path: 'ordinary'; readonly reason: OrdinaryReason; readonly detail: string };

export type OrdinaryReason = 'switched-off' | 'temperature' | 'unavailable' | 'self-check-failed';

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
      /** Where the answer lies in the prompt, in UTF-16 code units: [start, end). */
      readonly answerSpan: readonly [number, number];
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
