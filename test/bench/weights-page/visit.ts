import type { BuildSource } from '../../../src/weights/build.ts';
import type { Backend } from './engine-worker.ts';

/** What a page is told to do, as JSON in the fragment of its address. */
export interface Task {
  readonly backend: Backend;
  readonly source: BuildSource;
  /** No engine is started, as on the page's models screen. */
  readonly downloadOnly?: boolean;
}

/** What it answers with, as JSON in the path of a request. */
export interface Visit {
  /** Milliseconds since 1970. */
  readonly started: number;
  /** Seconds until everything was downloaded, checked and stored; for WebLLM's backends until the first shard is on the GPU. */
  readonly downloaded: number;
  /** Seconds until the last shard was on the GPU. */
  readonly lastShard: number;
}

export const REPORT_PATH = '/report/';

/** How long a page rests before its visit begins: what it takes by then is what the visit is measured against. Milliseconds. */
export const SETTLED_MS = 1500;
