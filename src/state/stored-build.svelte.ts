import {
  readBuildShape,
  readCheckpointShape,
  shapeDifference,
  type ShapeReading,
} from '../domain/model-shape.ts';
import type { Model, ModelBuild } from '../domain/models.ts';
import type { BuildSource } from '../weights/build.ts';
import { openChosenFiles, type ChosenFile } from '../weights/checkpoint/blob-source.ts';
import {
  ConversionError,
  type ConversionReason,
  type ConversionWarning,
} from '../weights/checkpoint/errors.ts';
import { readJsonObject } from '../weights/checkpoint/source.ts';
import type { WeightClient } from '../weights/client.ts';
import type { ConversionListeners } from '../weights/convert/client.ts';
import type { ConversionSummary } from '../weights/convert/convert.ts';
import type { ConversionJob, WeightOrigin } from '../weights/convert/protocol.ts';
import { makeTar, type ArchiveFile } from '../weights/convert/tar.ts';
import { WeightError } from '../weights/errors.ts';
import { Speedometer, type Progress } from '../weights/progress.ts';
import type { BuildState } from '../weights/protocol.ts';

/** What was done last to a build, for the status line; figures only, the page has the words. */
export type Outcome =
  | { readonly kind: 'downloaded' | 'converted' | 'saved' | 'removed' | 'discarded' | 'sound' }
  | { readonly kind: 'repaired'; readonly files: readonly string[] };

/** What is under way for a build: a job of the weight store, or a conversion (then in bytes that are read). */
export type Work = Omit<Progress, 'phase'> & { readonly phase: Progress['phase'] | 'converting' };

/** Runs a conversion in a worker of its own. */
export type Convert = (job: ConversionJob, listeners: ConversionListeners) => Promise<ConversionSummary>;

/** What is needed of the weight store and the converter. */
export interface BuildParts {
  readonly weights: WeightClient;
  readonly convert: Convert;
  /** Takes a build out of this tab's engine; false while a run needs it. */
  readonly unload: (id: string) => boolean;
  /** The files of a finished build. */
  readonly openFiles: (id: string) => Promise<ArchiveFile[]>;
}

/** One build of one model, as the model page shows it. */
export class StoredBuild {
  /** Undefined until the store has answered. */
  stored = $state.raw<BuildState>();
  /** What is under way for it, in this tab or another. */
  progress = $state.raw<Work>();
  error = $state.raw<Error>();
  outcome = $state.raw<Outcome>();
  /** What a conversion did that the person should know. */
  warnings = $state.raw<readonly ConversionWarning[]>([]);
  readonly #parts: BuildParts;
  #converting: AbortController | undefined;

  constructor(
    readonly model: Model,
    readonly build: ModelBuild,
    readonly source: BuildSource,
    parts: BuildParts,
  ) {
    this.#parts = parts;
  }

  /** Downloads it, or goes on with what is here. */
  async download(): Promise<void> {
    await this.#attempt(async () => {
      this.progress = { phase: 'preparing', loaded: 0, total: 0 };
      await this.#parts.weights.acquire(this.source);
      this.outcome = { kind: 'downloaded' };
    });
  }

  /** Makes the build from the published checkpoint while that is read from the Hub, or goes on with what is here. */
  async convertFromHub(): Promise<void> {
    const { checkpoint } = this.model;
    if (!checkpoint) throw new Error(`Model "${this.model.id}" has no checkpoint.`);
    const { repository, hub } = checkpoint;
    await this.#attempt(() => this.#convert({ kind: 'hub', repository, ...(hub !== undefined && { hub }) }));
  }

  /** Makes the build from a checkpoint that the person chose, or takes over a build that they chose. */
  async takeFiles(files: readonly ChosenFile[]): Promise<void> {
    await this.#attempt(async () => {
      await this.#requireShape(files);
      await this.#convert({ kind: 'files', files });
    });
  }

  /** Stops what is under way, wherever it runs; what is here stays. */
  async pause(): Promise<void> {
    if (this.#converting) this.#converting.abort();
    else await this.#attempt(() => this.#parts.weights.stop(this.source.id));
  }

  /** Stops a download or conversion and deletes what it brought. */
  async discard(): Promise<void> {
    this.#converting?.abort();
    await this.#attempt(async () => {
      await this.#parts.weights.discard(this.source.id);
      this.outcome = { kind: 'discarded' };
    });
  }

  /** Verifies every stored file and fetches the damaged ones again. */
  async check(): Promise<void> {
    await this.#attempt(async () => {
      const files = await this.#parts.weights.check(this.source);
      this.outcome = files.length === 0 ? { kind: 'sound' } : { kind: 'repaired', files };
    });
  }

  /** Deletes it; a loaded one is unloaded first, one that a run needs is not. */
  async remove(): Promise<void> {
    await this.#attempt(async () => {
      if (!this.#parts.unload(this.source.id)) throw new WeightError('in-use', { says: 'at-work' });
      await this.#parts.weights.remove(this.source.id);
      this.outcome = { kind: 'removed' };
    });
  }

  /** The finished build as one tar archive; undefined when it can't be had, and then `error` says why. */
  async archive(): Promise<Blob | undefined> {
    let archive: Blob | undefined;
    await this.#attempt(async () => {
      archive = makeTar(await this.#parts.openFiles(this.source.id));
    });
    return archive;
  }

  /** Writes the finished build's files into a folder of the person's. */
  async saveInto(folder: FileSystemDirectoryHandle): Promise<void> {
    await this.#attempt(async () => {
      for (const { name, content } of await this.#parts.openFiles(this.source.id)) {
        const file = await folder.getFileHandle(name, { create: true });
        // A file that was not closed is not written at all, so nothing half-written looks whole.
        await content.stream().pipeTo(await file.createWritable());
      }
      this.outcome = { kind: 'saved' };
    });
  }

  async refresh(): Promise<void> {
    try {
      this.stored = await this.#parts.weights.inspect(this.source);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #convert(from: WeightOrigin): Promise<void> {
    const { tokenizer } = this.model;
    const speedometer = new Speedometer();
    const abort = new AbortController();
    this.#converting = abort;
    this.warnings = [];
    this.progress = { phase: 'preparing', loaded: 0, total: 0 };
    // Only a window may ask, and the answer changes nothing here: a refusal means that the browser decides.
    navigator.storage.persist().catch(() => false);
    try {
      await this.#parts.convert(
        {
          from,
          build: { id: this.source.id, library: this.source.library },
          options: { quantisation: this.build.quantization },
          // A worker has another base address than the page.
          ...(tokenizer !== undefined && { tokenizer: new URL(tokenizer, document.baseURI).href }),
        },
        {
          signal: abort.signal,
          onProgress: ({ readBytes: loaded, totalBytes: total }) => {
            speedometer.add(loaded, performance.now());
            this.progress = { phase: 'converting', loaded, total, ...speedometer.paceTo(total) };
          },
          onWarning: (warning) => {
            this.warnings = [...this.warnings, warning];
          },
        },
      );
      this.outcome = { kind: 'converted' };
    } finally {
      this.#converting = undefined;
    }
  }

  /** Weights of another shape would only fail when they are loaded, and then nobody could tell why. */
  async #requireShape(files: readonly ChosenFile[]): Promise<void> {
    const source = openChosenFiles(files);
    const isBuild = source.has('mlc-chat-config.json');
    const file = source.get(isBuild ? 'mlc-chat-config.json' : 'config.json');
    if (!file) return;
    const json = await readJsonObject(file);
    const reading = isBuild ? readBuildShape(json) : readCheckpointShape(json);
    const reason = this.#misfit(reading);
    if (reason)
      throw new ConversionError('bad-config', { file: file.name, reason, next: 'choose-fitting-files' });
  }

  #misfit(reading: ShapeReading): ConversionReason | undefined {
    if (!reading.ok) return { says: 'other-fields', detail: reading.problem };
    const difference = shapeDifference(this.model, reading.shape);
    if (difference) return { says: 'other-shape', model: this.model.name, ...difference };
    const { quantization: wanted } = this.build;
    const { quantization: found = wanted } = reading.shape;
    return found === wanted ? undefined : { says: 'other-quantisation', found, wanted };
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
    if (!(error instanceof Error)) throw error;
    // The person stopped it: no error, and the page shows how far it came.
    const stopped = error.name === 'AbortError' || (error instanceof WeightError && error.code === 'stopped');
    if (!stopped) this.error = error;
  }
}
