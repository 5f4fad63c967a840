import type { BuildSource } from './build.ts';
import { WeightError } from './errors.ts';
import type { Ask, BuildState, EngineAddresses, Reply, Request, Results, WeightEvent } from './protocol.ts';
import type { Room } from './room.ts';

interface Waiting {
  readonly resolve: (result: Results[Ask['kind']]) => void;
  readonly reject: (error: Error) => void;
}

/** The page's side of the weight store; hashing and storing happen in the worker. Every method may throw a WeightError. */
export class WeightClient {
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: WeightEvent) => void>();
  #calls = 0;

  constructor(private readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      this.#receive(data);
    };
    worker.onerror = ({ message }) => {
      const error = new WeightError('no-storage', { says: 'store-stopped', detail: message || '' });
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
  }

  /** What is here of a build. */
  inspect(source: BuildSource): Promise<BuildState> {
    return this.#ask({ kind: 'inspect', source });
  }

  /**
   * Downloads what is missing of a build, or waits while another tab does. At the first download it asks the browser to
   * keep the data for good; whether it will is in `room()`. Pause with `stop`, go on by calling this again.
   * @param onNearlyHere called when so little is missing that an engine may start; it waits for the rest by itself
   */
  async acquire(source: BuildSource, onNearlyHere?: (engine: EngineAddresses) => void): Promise<void> {
    // Only a window may ask, and the person may take their time to answer, so nothing waits for it. A refusal is no
    // error: the model is then kept as long as the browser likes.
    navigator.storage.persist().catch(() => false);
    const stopListening = this.listen((event) => {
      if (event.kind === 'nearly-here' && event.id === source.id) onNearlyHere?.(event.engine);
    });
    await this.#ask({ kind: 'acquire', source }).finally(stopListening);
  }

  /** Verifies every stored file and repairs what is damaged; returns the names of the repaired files. */
  check(source: BuildSource): Promise<readonly string[]> {
    return this.#ask({ kind: 'check', source });
  }

  /** Deletes a model and everything of it; refused (`in-use`) while an engine or a download needs it. */
  async remove(id: string): Promise<void> {
    await this.#ask({ kind: 'remove', id });
  }

  /** Stops a download or check of the model in whichever tab it runs; what is here stays. */
  async stop(id: string): Promise<void> {
    await this.#ask({ kind: 'stop', id });
  }

  /** Stops a download and deletes what it brought. */
  async discard(id: string): Promise<void> {
    await this.#ask({ kind: 'discard', id });
  }

  /** What this site stores and may store, in bytes, and whether the browser promised to keep it. */
  room(): Promise<Room> {
    return this.#ask({ kind: 'room' });
  }

  /**
   * The text of a small file, `file` in errors, at the first of `urls` that has it. The page's security policy keeps the
   * page itself from asking other hosts.
   */
  read(urls: readonly string[], file: string): Promise<{ readonly url: string; readonly text: string }> {
    return this.#ask({ kind: 'read', urls, file });
  }

  /** Calls `listener` with what happens to any build, in this tab or another; returns the way to stop that. */
  listen(listener: (event: WeightEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ask<const A extends Ask>(ask: A): Promise<Results[A['kind']]> {
    const call = this.#calls++;
    return new Promise<Results[A['kind']]>((resolve, reject) => {
      this.#waiting.set(call, { resolve: resolve as Waiting['resolve'], reject });
      this.worker.postMessage({ ...ask, call } satisfies Request);
    });
  }

  #receive(reply: Reply): void {
    if (reply.kind === 'event') {
      for (const listener of this.#listeners) listener(reply.event);
      return;
    }
    const waiting = this.#waiting.get(reply.call);
    this.#waiting.delete(reply.call);
    if (reply.kind === 'done') waiting?.resolve(reply.result);
    else waiting?.reject(new WeightError(reply.error.code, reply.error.told));
  }
}
