import { acquire } from './acquire.ts';
import { type Build, type BuildSource, revisionOf, totalBytes } from './build.ts';
import { dropDamaged } from './check.ts';
import { WeightError } from './errors.ts';
import type { Patience } from './http.ts';
import { useLock, workLock } from './locks.ts';
import { engineAddresses } from './model-cache.ts';
import type { Progress } from './progress.ts';
import { type BuildState, NEWS_CHANNEL, type WeightEvent } from './protocol.ts';
import { type BuildStore, isStored } from './store.ts';

/** Between tabs: what the page hears too, and the wish that whoever downloads a model stops. */
type TabMessage = WeightEvent | { readonly kind: 'stop'; readonly id: string };

/** How long the browser may take to end the worker of an engine that let go of a model, in milliseconds. */
const LETTING_GO_MS = 2000;

/**
 * The jobs on the store, across tabs: one tab at a time works on a model, the others see its progress and can stop it;
 * when the working tab goes away, one that waits carries on.
 */
export class WeightJobs {
  readonly #tabs = new BroadcastChannel(NEWS_CHANNEL);
  readonly #running = new Map<string, AbortController>();

  constructor(
    private readonly store: BuildStore,
    private readonly patience: Patience,
    private readonly onEvent: (event: WeightEvent) => void,
  ) {
    this.#tabs.onmessage = ({ data }: MessageEvent<TabMessage>) => {
      if (data.kind === 'stop') this.#abort(data.id);
      else onEvent(data);
    };
  }

  /** What is here of the version that `source` describes, and what could start. */
  async inspect(source: BuildSource): Promise<BuildState> {
    const revision = revisionOf(source);
    const ready = await this.store.build(source.id, 'ready');
    const readyHolds = ready && (await this.#holds(ready));
    const complete = ready !== undefined && readyHolds === totalBytes(ready.files);
    const engine = complete ? { engine: engineAddresses(ready) } : {};
    if (ready && (ready.converted === true || ready.revision === revision)) {
      const total = totalBytes(ready.files);
      return {
        state: complete ? 'ready' : 'partial',
        loaded: readyHolds ?? 0,
        total,
        outdated: false,
        ...engine,
      };
    }
    const pending = await this.store.build(source.id, 'pending');
    const outdated = complete;
    if (pending?.converted === true) {
      // Which files it will have is known only once it is finished.
      const records = await this.store.files(source.id, pending.revision);
      const loaded = [...records.values()].reduce((sum, { nbytes }) => sum + nbytes, 0);
      return { state: 'partial', loaded, total: 0, outdated, converting: true, ...engine };
    }
    if (pending?.revision !== revision) return { state: 'missing', loaded: 0, total: 0, outdated, ...engine };
    const loaded = await this.#holds(pending);
    return { state: 'partial', loaded, total: totalBytes(pending.files), outdated, ...engine };
  }

  /** Downloads what is missing of a build; see `acquire`. */
  acquire(source: BuildSource): Promise<null> {
    return this.#alone(source.id, async (signal, onProgress) => {
      await this.#acquire(source, signal, onProgress);
      await this.#dropOlder(source.id);
      return null;
    });
  }

  /** Verifies every stored file again and fetches those that are damaged or missing; returns their names. */
  check(source: BuildSource): Promise<readonly string[]> {
    return this.#alone(source.id, async (signal, onProgress) => {
      const build =
        (await this.store.build(source.id, 'ready')) ?? (await this.store.build(source.id, 'pending'));
      const missing = build ? await dropDamaged(this.store, build, signal, onProgress) : [];
      if (missing.length > 0) await this.#acquire(source, signal, onProgress);
      return missing;
    });
  }

  /** Deletes a model. Throws `in-use` when an engine or a download in any tab needs it, and goes on needing it. */
  async remove(id: string): Promise<null> {
    await navigator.locks.request(workLock(id), { ifAvailable: true }, async (work) => {
      if (!work) throw new WeightError('in-use', { says: 'worked-on' });
      const signal = AbortSignal.timeout(LETTING_GO_MS);
      await navigator.locks
        .request(useLock(id), { signal }, () => this.store.remove(id))
        .catch((error: unknown) => {
          throw error === signal.reason ? new WeightError('in-use', { says: 'loaded' }) : error;
        });
    });
    this.#tell({ kind: 'changed', id });
    return null;
  }

  /** Gives up an unfinished download and deletes what came of it; a complete version stays. */
  async discard(id: string): Promise<null> {
    this.stop(id);
    await navigator.locks.request(workLock(id), async () => {
      const pending = await this.store.build(id, 'pending');
      if (pending) await this.store.dropPending(pending);
    });
    this.#tell({ kind: 'changed', id });
    return null;
  }

  /** Stops whoever works on the model, in any tab. What was downloaded stays. */
  stop(id: string): null {
    this.#abort(id);
    this.#tabs.postMessage({ kind: 'stop', id } satisfies TabMessage);
    return null;
  }

  /** Deletes versions that were replaced while an engine still read them. */
  async tidy(): Promise<void> {
    for (const { id } of await this.store.builds('ready')) await this.#dropOlder(id);
  }

  async #acquire(
    source: BuildSource,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
  ): Promise<void> {
    const { id } = source;
    await acquire(this.store, source, {
      signal,
      patience: this.patience,
      onProgress,
      onStored: (file) => {
        this.#tell({ kind: 'stored', id, file });
      },
      onNearlyHere: (build) => {
        this.#tell({ kind: 'nearly-here', id, engine: engineAddresses(build) });
      },
    });
  }

  #abort(id: string): void {
    this.#running.get(id)?.abort(new WeightError('stopped', { says: 'stopped' }));
  }

  #tell(event: WeightEvent): void {
    this.#tabs.postMessage(event satisfies TabMessage);
    this.onEvent(event);
  }

  async #alone<T>(
    id: string,
    job: (signal: AbortSignal, onProgress: (progress: Progress) => void) => Promise<T>,
  ): Promise<T> {
    // A job that was stopped may still be ending: the lock makes this one wait for it.
    if (this.#running.get(id)?.signal.aborted === false)
      throw new WeightError('in-use', { says: 'worked-on-here' });
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      return await navigator.locks.request(workLock(id), { signal: controller.signal }, () =>
        job(controller.signal, (progress) => {
          this.#tell({ kind: 'progress', id, progress });
        }),
      );
    } finally {
      if (this.#running.get(id) === controller) this.#running.delete(id);
      this.#tell({ kind: 'changed', id });
    }
  }

  async #holds(build: Build): Promise<number> {
    const records = await this.store.files(build.id, build.revision);
    return build.files.reduce((sum, file) => {
      const record = records.get(file.name);
      // A file that is all here but not verified yet is not whole.
      if (record?.nbytes === file.nbytes && !isStored(file, records)) return sum;
      return sum + (record?.nbytes ?? 0);
    }, 0);
  }

  async #dropOlder(id: string): Promise<void> {
    await navigator.locks.request(useLock(id), { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      const kept = [await this.store.build(id, 'ready'), await this.store.build(id, 'pending')];
      await this.store.dropRevisionsExcept(
        id,
        kept.flatMap((build) => (build ? [build.revision] : [])),
      );
    });
  }
}
