import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { BlockResult } from '../../src/weights/convert/block.ts';
import { ThreadPool, type BlockThread } from '../../src/weights/convert/block-pool.ts';

/** More threads than this wait for the disk and the checksums. */
const MOST_THREADS = 8;

/** Threads of Node that convert blocks. */
export function startThreads(count = Math.min(MOST_THREADS, availableParallelism())): ThreadPool {
  return new ThreadPool(Array.from({ length: count }, startThread));
}

function startThread(): BlockThread {
  const worker = new Worker(new URL('./thread.mjs', import.meta.url));
  return {
    post: (block) => {
      worker.postMessage(block, [block.bytes]);
    },
    onAnswer(listener) {
      worker.on('message', (result: BlockResult) => {
        listener(result);
      });
      worker.on('error', (error) => {
        listener(error instanceof Error ? error : new Error(String(error)));
      });
    },
    end: () => worker.terminate(),
  };
}
