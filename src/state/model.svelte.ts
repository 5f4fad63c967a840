import type { Model, ModelBuild } from '../domain/models.ts';
import type { EngineClient } from '../engine/client.ts';
import { EngineError } from '../engine/errors.ts';
import type { LoadableModel, LoadProgress } from '../engine/protocol.ts';

export type ModelStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'loading'; readonly progress: LoadProgress }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: EngineError };

/** Which model is chosen, and whether the engine has it. */
export class ModelState {
  readonly models: readonly Model[];
  #chosenId = $state('');
  status = $state.raw<ModelStatus>({ kind: 'idle' });
  readonly chosen: Model = $derived.by(() => this.#find(this.#chosenId));
  readonly build: ModelBuild = $derived.by(() => firstBuild(this.chosen));
  readonly #engine: EngineClient;
  #loading: { readonly promise: Promise<boolean>; readonly abort: AbortController } | undefined;

  /** @param chosenId a model of the list; anything else means the first */
  constructor(models: readonly Model[], chosenId: string | null, engine: EngineClient) {
    this.models = models;
    this.#engine = engine;
    this.#chosenId = chosenId ?? '';
    this.#chosenId = this.#find(this.#chosenId).id;
  }

  choose(id: string): void {
    if (id === this.chosen.id) return;
    this.cancelLoading();
    this.#chosenId = id;
    this.status = { kind: 'idle' };
  }

  /**
   * Loads the chosen model unless it is there; several callers share one load.
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

  cancelLoading(): void {
    this.#loading?.abort.abort();
    this.#loading = undefined;
  }

  /** The engine lost the model without anybody having asked. */
  lost(error: EngineError): void {
    this.status = { kind: 'failed', error };
  }

  dismissError(): void {
    if (this.status.kind === 'failed') this.status = { kind: 'idle' };
  }

  async #load(signal: AbortSignal): Promise<boolean> {
    this.status = { kind: 'loading', progress: { phase: 'starting', fraction: 0 } };
    try {
      await this.#engine.load(
        loadable(this.chosen, this.build),
        (progress) => {
          if (!signal.aborted) this.status = { kind: 'loading', progress };
        },
        signal,
      );
      this.status = { kind: 'ready' };
      return true;
    } catch (error) {
      if (signal.aborted) {
        if (this.status.kind === 'loading') this.status = { kind: 'idle' };
      } else if (error instanceof EngineError) this.status = { kind: 'failed', error };
      else throw error;
      return false;
    }
  }

  #find(id: string): Model {
    const model = this.models.find((candidate) => candidate.id === id) ?? this.models[0];
    if (!model) throw new Error('The model registry is empty.');
    return model;
  }
}

function firstBuild(model: Model): ModelBuild {
  const [build] = model.builds;
  if (!build) throw new Error(`Model "${model.id}" has no build.`);
  return build;
}

/** The engine's worker has another base address than the page, so every address is made absolute here. */
function loadable(model: Model, build: ModelBuild): LoadableModel {
  const absolute = (address: string): string => new URL(address, document.baseURI).href;
  return {
    id: model.id,
    weightsUrl: absolute(build.weights ?? ''),
    libraryUrl: absolute(build.library),
    contextWindow: model.contextWindow,
    requiredFeatures: build.requiredFeatures,
  };
}
