import * as v from 'valibot';
import { describeIssues } from './issues.ts';

/**
 * The model registry: what models there are, what each was trained for, and where its parts come from.
 * The schema is the only source of the types; `model-config/models.json` holds the entries.
 */

const positiveInteger = v.pipe(v.number(), v.integer(), v.minValue(1));

export const QUANTIZATIONS = ['q4f16_1', 'q4f32_1', 'q0f16', 'q0f32'] as const;
const FamilySchema = v.picklist(['UltraFeedback', 'HH-RLHF', 'IMHI']);

/** Limits of a WebGPU adapter that decide whether a model runs; sizes in bytes. */
export const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxStorageBuffersPerShaderStage',
] as const;

/** Stands before the name of a library that WebLLM's makers publish for this version of it. */
const PREBUILT = 'prebuilt:';

/** The numbers of a LLaMA that its size follows from. */
const ArchitectureSchema = v.pipe(
  v.strictObject({
    layers: positiveInteger,
    hidden: positiveInteger,
    intermediate: positiveInteger,
    heads: positiveInteger,
    keyValueHeads: positiveInteger,
    vocabulary: positiveInteger,
  }),
  v.check(({ hidden, heads }) => hidden % heads === 0, '"hidden" must be a multiple of "heads"'),
);

const BuildSchema = v.strictObject({
  quantization: v.picklist(QUANTIZATIONS),
  /** Folder of the model build, absolute or relative to the page, ending in "/"; left out where nobody publishes one. */
  weights: v.optional(v.pipe(v.string(), v.endsWith('/'))),
  /** The model library (.wasm): an address, absolute or relative to the page, or "prebuilt:" and a name. */
  library: v.pipe(v.string(), v.endsWith('.wasm')),
  /** Size of the library, where it is known. */
  libraryBytes: v.optional(positiveInteger),
  requiredFeatures: v.optional(v.array(v.string()), []),
  /** Limits beyond those that follow from the shape. */
  requiredLimits: v.optional(v.partial(v.strictObject(v.entriesFromList(LIMITS, positiveInteger))), {}),
  /** SHA-256 (hex) by file name; they guard the download and tell one version of a build from the next. */
  sha256: v.optional(v.record(v.string(), v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, '64 hex digits')))),
});

const ModelSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, ".", "_" and "-" only')),
  name: v.pipe(v.string(), v.minLength(1)),
  family: FamilySchema,
  /** True for the small model that ships with the page and only shows how it works. */
  demo: v.optional(v.boolean(), false),
  architecture: ArchitectureSchema,
  /** Tokens that prompt and reply may take together. */
  contextWindow: positiveInteger,
  /** Smaller windows to choose from, which take less GPU memory. */
  smallerContextWindows: v.optional(v.array(positiveInteger), []),
  licence: v.string(),
  /** The published weights that a build can be made from. */
  checkpoint: v.optional(
    v.strictObject({
      /** `owner/name` on the Hub. */
      repository: v.pipe(v.string(), v.regex(/^[\w.-]+\/[\w.-]+$/, 'must be written as owner/name')),
      /** Address of something that answers like the Hugging Face Hub, in its place; no slash at the end. */
      hub: v.optional(v.pipe(v.string(), v.url())),
    }),
  ),
  /** Address of LLaMA-2's tokenizer.json, absolute or relative to the page, for a checkpoint that has no tokenizer. */
  tokenizer: v.optional(v.pipe(v.string(), v.endsWith('.json'))),
  builds: v.pipe(v.array(BuildSchema), v.minLength(1)),
});

const RegistrySchema = v.strictObject({ models: v.array(v.unknown()) });

export type Quantization = (typeof QUANTIZATIONS)[number];
export type LimitName = (typeof LIMITS)[number];
export type Architecture = v.InferOutput<typeof ArchitectureSchema>;
export type Model = v.InferOutput<typeof ModelSchema>;
export type ModelBuild = Model['builds'][number];
/** An entry as a file has it, before defaults are filled in. */
export type ModelEntry = v.InferInput<typeof ModelSchema>;

export interface RegistryReading {
  readonly models: Model[];
  /** One line for each entry that was left out: which file and entry, which field, why. */
  readonly problems: string[];
}

/** Reads a registry; an entry that does not validate is named with its field, and the others load. */
export function readRegistry(json: unknown, file = 'models.json'): RegistryReading {
  const registry = v.safeParse(RegistrySchema, json);
  if (!registry.success) return { models: [], problems: [`${file}: ${describeIssues(registry.issues)}`] };
  const models: Model[] = [];
  const problems: string[] = [];
  registry.output.models.forEach((entry, index) => {
    const parsed = v.safeParse(ModelSchema, entry);
    const name = `${file}: ${entryName(entry, index)}`;
    if (!parsed.success) problems.push(`${name}: ${describeIssues(parsed.issues)}`);
    else if (models.some(({ id }) => id === parsed.output.id))
      problems.push(`${name}: field "id": another entry has the same id`);
    else models.push(parsed.output);
  });
  return { models, problems };
}

/** Later registries add to earlier ones and replace their entries of the same id, in place. */
export function mergeRegistries(...readings: readonly RegistryReading[]): RegistryReading {
  const models = new Map<string, Model>();
  for (const reading of readings) for (const model of reading.models) models.set(model.id, model);
  return { models: [...models.values()], problems: readings.flatMap(({ problems }) => problems) };
}

/** A build's name among all builds of all models; the weight store keeps it under this. */
export function buildId(model: Pick<Model, 'id'>, build: Pick<ModelBuild, 'quantization'>): string {
  return `${model.id}-${build.quantization}`;
}

/**
 * Address of a build's library.
 * @param prebuilt folder of WebLLM's libraries for the version in use, ending in "/"
 */
export function libraryAddress(build: Pick<ModelBuild, 'library'>, prebuilt: string): string {
  return build.library.startsWith(PREBUILT) ? prebuilt + build.library.slice(PREBUILT.length) : build.library;
}

function entryName(entry: unknown, index: number): string {
  const id = typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : undefined;
  return typeof id === 'string' ? `model "${id}"` : `entry ${index + 1}`;
}
