import type { Prompt } from '../domain/prompt.ts';
import { EngineError } from './errors.ts';
import type {
  EngineFailure,
  EngineRequest,
  EngineResponse,
  Generation,
  GenerationSettings,
  LoadableModel,
  LoadedModel,
  LoadProgress,
} from './protocol.ts';

/** How long a stopped generation may take to end (a prefill can't be interrupted) before its worker is replaced. */
const STOP_GRACE_MS = 15_000;

type Settle = (response: EngineResponse) => void;
type RequestBody<R extends EngineRequest = EngineRequest> = R extends unknown ? Omit<R, 'request'> : never;

/**
 * The page's end of the engine: one worker, made when it is first needed and replaced when it has crashed, lost its
 * device or was cancelled while loading (the browser compiles shaders without a way to interrupt it).
 *
 * Every method rejects with an EngineError, or with the signal's reason when it was aborted.
 */
export class EngineClient {
  readonly #createWorker: () => Worker;
  /** Called when a loaded model is gone without anybody having asked: crash or lost device. */
  readonly #onGone: (error: EngineError) => void;
  readonly #waiting = new Map<number, Settle>();
  #worker: Worker | undefined;
  /** The build that the worker has, or is loading. */
  #holds: string | undefined;
  #lastRequest = 0;

  constructor(createWorker: () => Worker, onGone: (error: EngineError) => void) {
    this.#createWorker = createWorker;
    this.#onGone = onGone;
  }

  /** Loads a model in place of the one before; aborting gives the worker up. */
  async load(
    model: LoadableModel,
    onProgress: (progress: LoadProgress) => void,
    signal: AbortSignal,
  ): Promise<LoadedModel> {
    signal.throwIfAborted();
    const abort = (): void => {
      this.#discardWorker();
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#holds = model.id;
    try {
      const response = await this.#ask({ kind: 'load', model }, (update) => {
        if (update.kind === 'progress') onProgress(update.progress);
      });
      if (response.kind === 'loaded') return response.loaded;
      throw unexpected(response);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /**
   * Lets go of a build, and of the graphics memory that it takes, if it is the one that is here.
   * @returns false when it is at work
   */
  unload(id: string): boolean {
    if (this.#holds !== id) return true;
    if (this.#waiting.size > 0) return false;
    this.#discardWorker();
    return true;
  }

  /** Ids that would reach the model for this prompt, BOS included. */
  async tokenize(text: string): Promise<readonly number[]> {
    const response = await this.#ask({ kind: 'tokenize', text });
    if (response.kind === 'tokenized') return response.tokenIds;
    throw unexpected(response);
  }

  /** Generates a reply; aborting ends it early and resolves with what came so far. */
  async generate(
    { text, answerSpan }: Prompt,
    settings: GenerationSettings,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Generation> {
    let request = 0;
    let grace: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => {
      this.#worker?.postMessage({ kind: 'stop', request } satisfies EngineRequest);
      grace = setTimeout(() => {
        this.#gone(
          new EngineError({
            code: 'generation-failed',
            detail: `The engine did not stop within ${STOP_GRACE_MS / 1000} seconds.`,
          }),
        );
      }, STOP_GRACE_MS);
    };
    try {
      const answer = this.#ask({ kind: 'generate', prompt: text, answerSpan, settings }, (update) => {
        if (update.kind === 'text') onText(update.text);
      });
      request = this.#lastRequest;
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
      const response = await answer;
      if (response.kind === 'generated') return response.generation;
      throw unexpected(response);
    } finally {
      clearTimeout(grace);
      signal.removeEventListener('abort', stop);
    }
  }

  async #ask(body: RequestBody, onUpdate?: (response: EngineResponse) => void): Promise<EngineResponse> {
    const worker = (this.#worker ??= this.#startWorker());
    const request = ++this.#lastRequest;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, (response) => {
        if (response.kind === 'progress' || response.kind === 'text') {
          onUpdate?.(response);
          return;
        }
        this.#waiting.delete(request);
        if (response.kind === 'failed') reject(new EngineError(response.failure));
        else resolve(response);
      });
      worker.postMessage({ ...body, request } satisfies EngineRequest);
    });
  }

  #startWorker(): Worker {
    const worker = this.#createWorker();
    worker.onmessage = ({ data }: MessageEvent<EngineResponse>): void => {
      if (data.kind === 'device-lost')
        this.#gone(new EngineError({ code: 'device-lost', detail: data.detail }));
      else this.#waiting.get(data.request)?.(data);
    };
    worker.onerror = (event): void => {
      this.#gone(
        new EngineError({ code: 'worker-crashed', detail: event.message || 'The worker did not start.' }),
      );
    };
    return worker;
  }

  #gone(error: EngineError): void {
    this.#discardWorker(error);
    this.#onGone(error);
  }

  /** Ends the worker and fails whatever waited for it. */
  #discardWorker({ code, detail }: EngineFailure = CANCELLED): void {
    this.#worker?.terminate();
    this.#worker = this.#holds = undefined;
    for (const [request, settle] of [...this.#waiting])
      settle({ kind: 'failed', request, failure: { code, detail } });
  }
}

const CANCELLED: EngineFailure = { code: 'not-loaded', detail: 'Loading was cancelled.' };

function unexpected(response: EngineResponse): EngineError {
  return new EngineError({ code: 'worker-crashed', detail: `Unexpected answer "${response.kind}".` });
}
