import type { AddingProblem } from '../domain/model-adding.ts';
import { makeEntry, readBuildShape, readCheckpointShape } from '../domain/model-shape.ts';
import {
  buildId,
  libraryAddress,
  mergeRegistries,
  readRegistry,
  type Model,
  type ModelBuild,
  type ModelEntry,
  type RegistryReading,
} from '../domain/models.ts';
import { readHostRegistry, readOwnRegistry, writeHostRegistry, writeOwnRegistry } from '../storage/models.ts';
import { CONFIG_FILE, type BuildSource } from '../weights/build.ts';
import type { WeightClient } from '../weights/client.ts';
import { WeightError } from '../weights/errors.ts';
import type { Keeping } from './keeping.svelte.ts';

const NONE: RegistryReading = { models: [], problems: [] };

/** A repository's own page on the Hub, which people copy out of the address bar. */
const HUB_PAGE = /^https:\/\/huggingface\.co\/([\w.-]+\/[\w.-]+)\/?(?:tree\/main\/?)?$/;

/** What a person says about a model that they add. */
export interface AddedModel {
  /** Of a folder with a model build, or of a repository on the Hub. */
  readonly address: string;
  readonly name: string;
  readonly family: Model['family'];
  /** Address of its model library; empty to take a known one. */
  readonly library: string;
}

/** All models: those that ship with the page, those of its host's models.json, and those that the person added. */
export class ModelRegistry {
  readonly #shipped: RegistryReading;
  readonly #prebuilt: string;
  readonly #keeping: Keeping;
  readonly #weights: WeightClient;
  #host = $state.raw<RegistryReading>(NONE);
  #own = $state.raw<readonly ModelEntry[]>([]);
  readonly #merged: RegistryReading = $derived.by(() =>
    mergeRegistries(this.#shipped, this.#host, readRegistry({ models: this.#own }, 'your models')),
  );

  /**
   * @param shipped content of the page's own registry
   * @param prebuilt folder of WebLLM's libraries for the version in use
   */
  constructor(shipped: unknown, prebuilt: string, keeping: Keeping, weights: WeightClient) {
    this.#shipped = readRegistry(shipped, 'model-config/models.json');
    this.#prebuilt = prebuilt;
    this.#keeping = keeping;
    this.#weights = weights;
  }

  get models(): readonly Model[] {
    return this.#merged.models;
  }

  get problems(): readonly string[] {
    return this.#merged.problems;
  }

  isOwn(model: Model): boolean {
    return this.#own.some(({ id }) => id === model.id);
  }

  /** Where a build comes from; a worker has another base address than the page, so addresses are made absolute here. */
  sourceOf(model: Model, build: ModelBuild): BuildSource {
    const absolute = (address: string): string => new URL(address, document.baseURI).href;
    return {
      id: buildId(model, build),
      library: absolute(libraryAddress(build, this.#prebuilt)),
      ...(build.weights !== undefined && { weights: absolute(build.weights) }),
      ...(build.sha256 && { sha256: build.sha256 }),
    };
  }

  /** Brings back the person's own models and what the host's registry said last. */
  async restore(): Promise<void> {
    const own = await this.#keeping.attempt(readOwnRegistry, undefined);
    if (Array.isArray(own)) this.#own = own as ModelEntry[];
    this.#takeHost(await this.#keeping.attempt(readHostRegistry, undefined));
  }

  /** Looks for the host's models.json beside the page. It need not be there. */
  async readHost(): Promise<void> {
    const response = await fetch(new URL('models.json', document.baseURI)).catch(() => undefined);
    // Without a network the last visit's registry holds.
    if (!response || (!response.ok && response.status !== 404)) return;
    let json: unknown;
    if (response.ok) {
      try {
        json = JSON.parse(await response.text());
      } catch (error) {
        this.#host = { models: [], problems: [`models.json is not JSON: ${String(error)}`] };
        return;
      }
    }
    this.#takeHost(json);
    await this.#keeping.attempt(() => writeHostRegistry(json), undefined);
  }

  /**
   * Adds a model by its address; its own configuration says what it is.
   * @returns what is wrong, or undefined when it was added
   */
  async add({
    address,
    name,
    family,
    library,
  }: AddedModel): Promise<AddingProblem | WeightError | undefined> {
    const id = name.replace(/[^\w.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
    const repository = HUB_PAGE.exec(address)?.[1];
    const folder = repository === undefined ? address : `https://huggingface.co/${repository}/resolve/main/`;
    if (id === '' || !URL.canParse(folder, document.baseURI)) return { kind: 'bad-address' };
    if (this.models.some((model) => model.id === id)) return { kind: 'same-name' };
    const weights = new URL(folder.endsWith('/') ? folder : `${folder}/`, document.baseURI).href;

    // A repository on the Hub may also hold a checkpoint.
    const files = repository === undefined ? [CONFIG_FILE] : [CONFIG_FILE, 'config.json'];
    let read: { readonly url: string; readonly text: string };
    try {
      read = await this.#weights.read(
        files.map((file) => new URL(file, weights).href),
        CONFIG_FILE,
      );
    } catch (error) {
      if (error instanceof WeightError) return error;
      throw error;
    }
    const file = read.url.endsWith(CONFIG_FILE) ? CONFIG_FILE : 'config.json';
    let json: unknown;
    try {
      json = JSON.parse(read.text);
    } catch (error) {
      return { kind: 'bad-config', detail: `${file}: ${String(error)}` };
    }
    const reading = file === CONFIG_FILE ? readBuildShape(json) : readCheckpointShape(json);
    if (!reading.ok) return { kind: 'bad-config', detail: `${file}: ${reading.problem}` };
    const { shape } = reading;
    const from = shape.quantization === undefined && repository !== undefined ? { repository } : { weights };
    const entry = makeEntry(
      { id, name, family, shape, from, ...(library !== '' && { library }) },
      this.models,
    );
    if (!entry) return { kind: 'no-library' };
    const [problem] = readRegistry({ models: [entry] }, name).problems;
    if (problem !== undefined) return { kind: 'bad-config', detail: problem };
    await this.#keepOwn([...this.#own, entry]);
    return undefined;
  }

  /** Takes an own model out of the list; its stored files are the weight store's. */
  async forget(model: Model): Promise<void> {
    await this.#keepOwn(this.#own.filter(({ id }) => id !== model.id));
  }

  #takeHost(json: unknown): void {
    this.#host = json === undefined ? NONE : readRegistry(json, 'models.json');
  }

  async #keepOwn(own: readonly ModelEntry[]): Promise<void> {
    this.#own = own;
    await this.#keeping.attempt(() => writeOwnRegistry(own), undefined);
  }
}
