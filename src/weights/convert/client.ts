import type { ConversionWarning } from '../checkpoint/errors.ts';
import type { ConversionProgress, ConversionSummary } from './convert.ts';
import {
  restoreError,
  type ConversionJob,
  type ConversionReply,
  type ConversionRequest,
} from './protocol.ts';

export interface ConversionListeners {
  /** Stops the conversion; what is whole by then stays in the store. */
  signal: AbortSignal;
  onProgress(progress: ConversionProgress): void;
  /** Things to say aloud that don't stop the conversion. */
  onWarning(warning: ConversionWarning): void;
}

/**
 * Converts (or copies) a model into the store, in a worker of its own that ends with it.
 * @param startWorker starts the script `worker.ts` of this folder
 * @throws ConversionError for what is wrong with the weights, WeightError for what is wrong with the store
 */
export function runConversion(
  startWorker: () => Worker,
  job: ConversionJob,
  listeners: ConversionListeners,
): Promise<ConversionSummary> {
  return new Promise<ConversionSummary>((resolve, reject) => {
    const { signal } = listeners;
    signal.throwIfAborted();
    const worker = startWorker();
    const post = (request: ConversionRequest): void => {
      worker.postMessage(request);
    };
    const stop = (): void => {
      post({ kind: 'stop' });
    };
    const end = (): void => {
      signal.removeEventListener('abort', stop);
      worker.terminate();
    };
    worker.onmessage = ({ data }: MessageEvent<ConversionReply>) => {
      switch (data.kind) {
        case 'progress':
          listeners.onProgress(data.progress);
          break;
        case 'warning':
          listeners.onWarning(data.warning);
          break;
        case 'done':
          end();
          resolve(data.summary);
          break;
        case 'failed':
          end();
          reject(signal.aborted ? (signal.reason as Error) : restoreError(data.failure));
          break;
      }
    };
    worker.onerror = ({ message }) => {
      end();
      reject(new Error(`The conversion's own thread failed: ${message || 'it could not be started'}.`));
    };
    signal.addEventListener('abort', stop, { once: true });
    post({ kind: 'start', job });
  });
}
