import type { Model, ModelBuild } from '../domain/models.ts';
import type { BuildSource } from '../weights/build.ts';
import type { WeightClient } from '../weights/client.ts';
import { WeightError } from '../weights/errors.ts';
import type { Progress } from '../weights/progress.ts';
import type { BuildState } from '../weights/protocol.ts';
import type { Room } from '../weights/room.ts';
import { buildSource } from './model.svelte.ts';

/** What was done last to a build, for the status line; figures only, the page has the words. */
export type Outcome =
  | { readonly kind: 'downloaded' | 'removed' | 'discarded' | 'sound' }
  | { readonly kind: 'repaired'; readonly files: readonly string[] };

/** One build of one model, as the model page shows it. */
export class StoredBuild {
  /** Undefined until the store has answered. */
  stored = $state.raw<BuildState>();
  /** What is under way for it, in this tab or another. */
  progress = $state.raw<Progress>();
  error = $state.raw<WeightError>();
  outcome = $state.raw<Outcome>();
  readonly source: BuildSource;
  readonly #weights: WeightClient;

  constructor(
    readonly model: Model,
    readonly build: ModelBuild,
    weights: WeightClient,
  ) {
    this.source = buildSource(model, build);
    this.#weights = weights;
  }

  /** Downloads it, or goes on with what is here. */
  async download(): Promise<void> {
    await this.#attempt(async () => {
      this.progress = { phase: 'preparing', loaded: 0, total: 0 };
      await this.#weights.acquire(this.source);
      this.outcome = { kind: 'downloaded' };
    });
  }

  /** Stops a download or check, wherever it runs; what is here stays. */
  async pause(): Promise<void> {
    await this.#attempt(() => this.#weights.stop(this.source.id));
  }

  /** Stops a download and deletes what it brought. */
  async discard(): Promise<void> {
    await this.#attempt(async () => {
      await this.#weights.discard(this.source.id);
      this.outcome = { kind: 'discarded' };
    });
  }

  /** Verifies every stored file and fetches the damaged ones again. */
  async check(): Promise<void> {
    await this.#attempt(async () => {
      const files = await this.#weights.check(this.source);
      this.outcome = files.length === 0 ? { kind: 'sound' } : { kind: 'repaired', files };
    });
  }

  async remove(): Promise<void> {
    await this.#attempt(async () => {
      await this.#weights.remove(this.source.id);
      this.outcome = { kind: 'removed' };
    });
  }

  async refresh(): Promise<void> {
    try {
      this.stored = await this.#weights.inspect(this.source);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.error = this.outcome = undefined;
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.progress = undefined;
      await this.refresh();
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof WeightError)) throw error;
    // The person stopped it: no error, and the page shows how far it came.
    if (error.code !== 'stopped') this.error = error;
  }
}

/** All builds and the room that the browser gives them. */
export class ModelShelf {
  readonly builds: readonly StoredBuild[];
  room = $state.raw<Room>();
  readonly #weights: WeightClient;

  constructor(models: readonly Model[], weights: WeightClient) {
    this.#weights = weights;
    this.builds = models.flatMap((model) =>
      model.builds.map((build) => new StoredBuild(model, build, weights)),
    );
    weights.listen((event) => {
      const build = this.builds.find(({ source }) => source.id === event.id);
      if (event.kind === 'progress') {
        if (build) build.progress = event.progress;
        return;
      }
      if (build) {
        build.progress = undefined;
        void build.refresh();
      }
      void this.measure();
    });
  }

  /** Looks at everything anew; for when the page is opened. */
  async refresh(): Promise<void> {
    await Promise.all([this.measure(), ...this.builds.map((build) => build.refresh())]);
  }

  async measure(): Promise<void> {
    // Figures for information only: where the browser gives none, the page shows none.
    this.room = await this.#weights.room().catch(() => undefined);
  }
}
