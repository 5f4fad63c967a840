import type { Model, ModelBuild } from '../domain/models.ts';
import type { Room } from '../weights/room.ts';
import type { ModelChoice } from './model-choice.svelte.ts';
import type { ModelRegistry } from './model-registry.svelte.ts';
import { StoredBuild, type BuildParts } from './stored-build.svelte.ts';

/** All builds of all models and the room that the browser gives them. */
export class ModelShelf {
  room = $state.raw<Room>();
  readonly builds: readonly StoredBuild[] = $derived.by(() =>
    this.registry.models.flatMap((model) => model.builds.map((build) => this.#open(model, build))),
  );
  readonly #parts: BuildParts;
  readonly #opened = new Map<string, StoredBuild>();

  constructor(
    readonly registry: ModelRegistry,
    readonly choice: ModelChoice,
    parts: BuildParts,
  ) {
    this.#parts = parts;
    parts.weights.listen((event) => {
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

  /** The build of a model that is chosen. */
  entryOf(model: Model): StoredBuild {
    return this.#open(model, this.choice.fittingOf(model).build);
  }

  /** Looks at everything anew; for when the page is opened. */
  async refresh(): Promise<void> {
    await Promise.all([this.choice.probe(), this.measure(), ...this.builds.map((build) => build.refresh())]);
  }

  async measure(): Promise<void> {
    // Figures for information only: where the browser gives none, the page shows none.
    this.room = await this.#parts.weights.room().catch(() => undefined);
  }

  /** The same object for the same entry of the registry, however often that is read: work under way is not lost. */
  #open(model: Model, build: ModelBuild): StoredBuild {
    const source = this.registry.sourceOf(model, build);
    const known = this.#opened.get(source.id);
    if (known && JSON.stringify(known.model) === JSON.stringify(model)) return known;
    const opened = new StoredBuild(model, build, source, this.#parts);
    this.#opened.set(source.id, opened);
    return opened;
  }
}
