import type { Fitting } from '../domain/model-choice.ts';
import type { Model, ModelBuild } from '../domain/models.ts';
import type { EngineClient } from '../engine/client.ts';
import { probeAdapter } from '../engine/device.ts';
import { EngineError } from '../engine/errors.ts';
import type { KnownSelfCheck, LoadProgress } from '../engine/protocol.ts';
import type { BuildSource } from '../weights/build.ts';
import type { WeightClient } from '../weights/client.ts';
import { WeightError } from '../weights/errors.ts';
import type { Progress } from '../weights/progress.ts';
import type { EngineAddresses } from '../weights/protocol.ts';
import type { ModelChoice, Pick } from './model-choice.svelte.ts';
import type { ModelRegistry } from './model-registry.svelte.ts';

export type ModelStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'downloading'; readonly progress: Progress }
  | { readonly kind: 'loading'; readonly progress: LoadProgress }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: EngineError | WeightError };

/** Keeps what the engine's self-check found, so that it need not run at every load. */
export interface SelfCheckKeeper {
  read(buildId: string): Promise<KnownSelfCheck | undefined>;
  write(buildId: string, check: KnownSelfCheck): Promise<void>;
}

/** Which model is chosen, and whether the engine has it: download, load, loss. */
export class ModelState {
  #chosenId = $state('');
  status = $state.raw<ModelStatus>({ kind: 'idle' });
  readonly chosen: Model = $derived.by(() => this.#find(this.#chosenId));
  /** Which of its builds, and with room for how many tokens. */
  readonly fitting: Fitting = $derived.by(() => this.#choice.fittingOf(this.chosen));
  readonly #registry: ModelRegistry;
  readonly #choice: ModelChoice;
  readonly #engine: EngineClient;
  readonly #weights: WeightClient;
  readonly #selfChecks: SelfCheckKeeper;
  #loading: { readonly promise: Promise<boolean>; readonly abort: AbortController } | undefined;

  /** @param chosenId a model of the registry; anything else means the first */
  constructor(
    registry: ModelRegistry,
    choice: ModelChoice,
    chosenId: string | null,
    engine: EngineClient,
    weights: WeightClient,
    selfChecks: SelfCheckKeeper,
  ) {
    this.#registry = registry;
    this.#choice = choice;
    this.#engine = engine;
    this.#weights = weights;
    this.#selfChecks = selfChecks;
    this.#chosenId = chosenId ?? '';
  }

  get models(): readonly Model[] {
    return this.#registry.models;
  }

  get build(): ModelBuild {
    return this.fitting.build;
  }

  /** Tokens that prompt and reply may take together. */
  get contextWindow(): number {
    return this.fitting.contextWindow;
  }

  choose(id: string): void {
    if (id === this.chosen.id) return;
    this.#reset();
    this.#chosenId = id;
  }

  /** Chooses build or context window of a model; a loaded one is loaded anew when it is next needed. */
  pick(model: Model, pick: Pick): void {
    if (model.id === this.chosen.id) this.#reset();
    this.#choice.pick(model, pick);
  }

  /**
   * Downloads and loads the chosen model unless it is there; several callers share one load.
   * @returns whether the model is ready now; why not is in `status`
   */
  async ensureReady(): Promise<boolean> {
    if (this.status.kind === 'ready') return true;
    if (this.#loading) return this.#loading.promise;
    const abort = new AbortController();
    const loading = { promise: this.#load(abort.signal), abort };
    this.#loading = loading;
    return loading.promise.finally(() => {
      if (this.#loading === loading) this.#loading = undefined;
    });
  }

  /** Gives a load or download up; what was downloaded is kept. */
  cancelLoading(): void {
    this.#loading?.abort.abort();
    this.#loading = undefined;
    if (this.status.kind === 'downloading' || this.status.kind === 'loading') this.status = { kind: 'idle' };
  }

  /**
   * Takes a build out of the engine, so that it can be deleted.
   * @returns false while it is being loaded or answers
   */
  unload(buildId: string): boolean {
    if (!this.#engine.unload(buildId)) return false;
    const { id } = this.#registry.sourceOf(this.chosen, this.build);
    if (id === buildId && this.status.kind === 'ready') this.status = { kind: 'idle' };
    return true;
  }

  /** The engine lost the model without anybody having asked. */
  lost(error: EngineError): void {
    this.status = { kind: 'failed', error };
  }

  dismissError(): void {
    if (this.status.kind === 'failed') this.status = { kind: 'idle' };
  }

  async #load(signal: AbortSignal): Promise<boolean> {
    const show = (status: ModelStatus): void => {
      if (!signal.aborted) this.status = status;
    };
    show({ kind: 'loading', progress: { phase: 'starting', fraction: 0 } });
    try {
      // Which build fits is known only once the device is.
      await this.#choice.probe();
      const { chosen, build, contextWindow } = this;
      const source = this.#registry.sourceOf(chosen, build);
      // Nobody should download gigabytes that this browser can't run.
      await probeAdapter(build.requiredFeatures);
      const { engine, rest } = await this.#provide(source, show, signal);
      const known = await this.#selfChecks.read(source.id);
      let progress: LoadProgress = { phase: 'starting', fraction: 0 };
      let isHere = false;
      const showLoading = (): void => {
        if (isHere) show({ kind: 'loading', progress });
      };
      // An engine that started before the download's end is of no use without it.
      const lost = new AbortController();
      rest.then(
        () => {
          isHere = true;
          showLoading();
        },
        (error: unknown) => {
          lost.abort(error);
        },
      );
      const loading = this.#engine.load(
        {
          id: source.id,
          weightsUrl: engine.model,
          libraryUrl: engine.modelLib,
          contextWindow,
          requiredFeatures: build.requiredFeatures,
          ...(known && { selfCheck: known }),
        },
        (now) => {
          progress = now;
          showLoading();
        },
        AbortSignal.any([signal, lost.signal]),
      );
      // A start that fails leaves the download to its end, so that the next one finds it.
      const { selfCheck } = await loading.finally(() => rest);
      if (selfCheck && selfCheck !== known) await this.#selfChecks.write(source.id, selfCheck);
      show({ kind: 'ready' });
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof EngineError || error instanceof WeightError)) throw error;
      show({ kind: 'failed', error });
      return false;
    }
  }

  /** Sees to it that the build is stored, or soon will be, and says where the engine finds it. */
  async #provide(
    source: BuildSource,
    show: (status: ModelStatus) => void,
    signal: AbortSignal,
  ): Promise<{ readonly engine: EngineAddresses; readonly rest: Promise<void> }> {
    const before = await this.#weights.inspect(source);
    if (before.state === 'ready' && before.engine) return { engine: before.engine, rest: Promise.resolve() };
    const stopListening = this.#weights.listen((event) => {
      if (event.kind === 'progress' && event.id === source.id)
        show({ kind: 'downloading', progress: event.progress });
    });
    const stop = (): void => {
      void this.#weights.stop(source.id);
    };
    signal.throwIfAborted();
    signal.addEventListener('abort', stop, { once: true });
    show({
      kind: 'downloading',
      progress: { phase: 'preparing', loaded: before.loaded, total: before.total },
    });
    let nearlyHere: (engine: EngineAddresses) => void = () => undefined;
    const early = new Promise<EngineAddresses>((resolve) => {
      nearlyHere = resolve;
    });
    // An older version that is complete stays until the new one is, and an engine would keep it from being deleted.
    const rest = this.#weights.acquire(source, before.engine ? undefined : nearlyHere).finally(() => {
      stopListening();
      signal.removeEventListener('abort', stop);
    });
    try {
      const engine = await Promise.race([early, rest]);
      if (engine) return { engine, rest };
    } catch (error) {
      // Without a connection, the version that is here will do.
      const offline = error instanceof WeightError && error.code === 'unreachable';
      if (offline && before.engine && !signal.aborted)
        return { engine: before.engine, rest: Promise.resolve() };
      throw error;
    }
    signal.throwIfAborted();
    const { engine } = await this.#weights.inspect(source);
    if (!engine) throw new WeightError('not-stored', { says: 'not-stored' });
    return { engine, rest };
  }

  #reset(): void {
    this.cancelLoading();
    this.status = { kind: 'idle' };
  }

  #find(id: string): Model {
    const model = this.models.find((candidate) => candidate.id === id) ?? this.models[0];
    if (!model) throw new Error('The model registry is empty.');
    return model;
  }
}
