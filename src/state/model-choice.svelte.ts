import * as v from 'valibot';
import {
  contextChoices,
  fit,
  recommend,
  shortfalls,
  type Device,
  type Fitting,
  type Recommendation,
  type Shortfall,
} from '../domain/model-choice.ts';
import type { Model } from '../domain/models.ts';
import { readModelPicks, writeModelPicks } from '../storage/models.ts';
import type { Keeping } from './keeping.svelte.ts';

const PicksSchema = v.record(
  v.string(),
  v.object({ quantization: v.optional(v.string()), contextWindow: v.optional(v.number()) }),
);

/** What a person chose for a model against the page's own choice. */
export type Pick = v.InferOutput<typeof PicksSchema>[string];

/** How each model is run: as fits the device, unless the person chose otherwise. */
export class ModelChoice {
  /** Undefined until it is known, and where the browser has no WebGPU. */
  device = $state.raw<Device>();
  #picks = $state.raw<Readonly<Record<string, Pick>>>({});
  readonly #keeping: Keeping;
  readonly #probe: () => Promise<Device | undefined>;
  #probed: Promise<void> | undefined;

  constructor(keeping: Keeping, probe: () => Promise<Device | undefined>) {
    this.#keeping = keeping;
    this.#probe = probe;
  }

  /** Asks the browser for its adapter, once. */
  async probe(): Promise<void> {
    this.#probed ??= this.#probe().then((device) => {
      this.device = device;
    });
    await this.#probed;
  }

  async restore(): Promise<void> {
    const kept = v.safeParse(PicksSchema, await this.#keeping.attempt(readModelPicks, {}));
    if (kept.success) this.#picks = kept.output;
  }

  fittingOf(model: Model): Fitting {
    const { quantization, contextWindow } = this.#picks[model.id] ?? {};
    const fitting = fit(model, this.device);
    const context = contextChoices(model).find((tokens) => tokens === contextWindow);
    return {
      build: model.builds.find((build) => build.quantization === quantization) ?? fitting.build,
      contextWindow: context ?? fitting.contextWindow,
    };
  }

  /** Why the model, run as it is chosen, does not run here; undefined while the device is not known. */
  shortfallsOf(model: Model): readonly Shortfall[] | undefined {
    const { build, contextWindow } = this.fittingOf(model);
    return this.device && shortfalls(model, build, contextWindow, this.device);
  }

  recommendation(models: readonly Model[], family: Model['family']): Recommendation | undefined {
    return recommend(models, this.device, family);
  }

  pick(model: Model, pick: Pick): void {
    this.#picks = { ...this.#picks, [model.id]: { ...this.#picks[model.id], ...pick } };
    void this.#keeping.attempt(() => writeModelPicks(this.#picks), undefined);
  }
}
