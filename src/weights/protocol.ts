import type { BuildSource } from './build.ts';
import type { WeightErrorCode, WeightTold } from './errors.ts';
import type { Progress } from './progress.ts';
import type { Room } from './room.ts';

/** The BroadcastChannel on which every worker that changes the store says what it did. */
export const NEWS_CHANNEL = 'metaaligner-weights';

/** `model` and `model_lib` of a WebLLM model record. */
export interface EngineAddresses {
  readonly model: string;
  readonly modelLib: string;
}

/** What is here of a build. Sizes in bytes. */
export interface BuildState {
  readonly state: 'missing' | 'partial' | 'ready';
  /** Bytes of the version in question that are here. */
  readonly loaded: number;
  /** Bytes of all its files; 0 while that is not known. */
  readonly total: number;
  /** Addresses to give to the engine, when a complete version is here, be it an older one. */
  readonly engine?: EngineAddresses;
  /** True when what is complete is another version than the one asked for. */
  readonly outdated: boolean;
  /** True when what is here in part comes from a conversion, so that only converting goes on with it. */
  readonly converting?: boolean;
}

/** What the page asks of the weights worker. Each is answered by one `done` or `failed` with the same `call`. */
export type Ask =
  | { readonly kind: 'inspect'; readonly source: BuildSource }
  | { readonly kind: 'acquire'; readonly source: BuildSource }
  | { readonly kind: 'check'; readonly source: BuildSource }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'discard'; readonly id: string }
  | { readonly kind: 'stop'; readonly id: string }
  | { readonly kind: 'room' }
  | { readonly kind: 'read'; readonly urls: readonly string[]; readonly file: string };

/** What each of them brings back. */
export interface Results {
  readonly inspect: BuildState;
  readonly acquire: null;
  /** Names of the files that were damaged or missing and are right now. */
  readonly check: readonly string[];
  readonly remove: null;
  readonly discard: null;
  readonly stop: null;
  readonly room: Room;
  /** Text of the first of the addresses that is there. */
  readonly read: { readonly url: string; readonly text: string };
}

export type Request = Ask & { readonly call: number };

export type Reply =
  | { readonly kind: 'done'; readonly call: number; readonly result: Results[Ask['kind']] }
  | { readonly kind: 'failed'; readonly call: number; readonly error: Failure }
  | { readonly kind: 'event'; readonly event: WeightEvent };

/** A WeightError as it crosses to the page; errors lose their own fields on the way. */
export interface Failure {
  readonly code: WeightErrorCode;
  readonly told: WeightTold;
}

/** What happens to a build, in this tab or another. */
export type WeightEvent =
  | { readonly kind: 'progress'; readonly id: string; readonly progress: Progress }
  /** Little is missing of a download: an engine that starts now finds the last files when it comes to them. */
  | { readonly kind: 'nearly-here'; readonly id: string; readonly engine: EngineAddresses }
  /** A file is whole and verified. */
  | { readonly kind: 'stored'; readonly id: string; readonly file: string }
  /** Its state is another one; told when whoever worked on the build is done with it. */
  | { readonly kind: 'changed'; readonly id: string };
