import * as v from 'valibot';
import { describeIssues } from './issues.ts';

/**
 * The model registry: what models there are, what each was trained for, and where its parts come from.
 * The schema is the only source of the types; `model-config/models.json` holds the entries.
 */

const positiveInteger = v.pipe(v.number(), v.integer(), v.minValue(1));

const QuantizationSchema = v.picklist(['q4f16_1', 'q4f32_1', 'q0f16', 'q0f32']);
const FamilySchema = v.picklist(['UltraFeedback', 'HH-RLHF', 'IMHI']);

const BuildSchema = v.strictObject({
  quantization: QuantizationSchema,
  /** Folder of the model build, absolute or relative to the page, ending in "/". */
  weights: v.optional(v.pipe(v.string(), v.endsWith('/'))),
  /** Address of the model library (.wasm), absolute or relative to the page. */
  library: v.pipe(v.string(), v.endsWith('.wasm')),
  /** Bytes to download for a start, library included. */
  downloadBytes: positiveInteger,
  /** GPU memory that the weights and the cache take, in bytes. */
  gpuBytes: positiveInteger,
  requiredFeatures: v.optional(v.array(v.string()), []),
  /** SHA-256 (hex) by file name; they guard the download and tell one version of a build from the next. */
  sha256: v.optional(v.record(v.string(), v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, '64 hex digits')))),
});

const ModelSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, ".", "_" and "-" only')),
  name: v.pipe(v.string(), v.minLength(1)),
  family: FamilySchema,
  /** True for the small model that ships with the page and only shows how it works. */
  demo: v.optional(v.boolean(), false),
  /** Tokens that prompt and reply may take together. */
  contextWindow: positiveInteger,
  licence: v.string(),
  builds: v.pipe(v.array(BuildSchema), v.minLength(1)),
});

const RegistrySchema = v.strictObject({ models: v.array(v.unknown()) });

export type Model = v.InferOutput<typeof ModelSchema>;
export type ModelBuild = Model['builds'][number];

export interface RegistryReading {
  readonly models: Model[];
  /** One line for each entry that was left out: which entry, which field, why. */
  readonly problems: string[];
}

/** Reads a registry; an entry that does not validate is named with its field, and the others load. */
export function readRegistry(json: unknown): RegistryReading {
  const registry = v.safeParse(RegistrySchema, json);
  if (!registry.success) return { models: [], problems: [describe('models.json', registry.issues)] };
  const models: Model[] = [];
  const problems: string[] = [];
  registry.output.models.forEach((entry, index) => {
    const parsed = v.safeParse(ModelSchema, entry);
    if (!parsed.success) problems.push(describe(entryName(entry, index), parsed.issues));
    else if (models.some(({ id }) => id === parsed.output.id))
      problems.push(`${entryName(entry, index)}: field "id": another entry has the same id`);
    else models.push(parsed.output);
  });
  return { models, problems };
}

function describe(name: string, issues: readonly v.BaseIssue<unknown>[]): string {
  return `${name}: ${describeIssues(issues)}`;
}

function entryName(entry: unknown, index: number): string {
  const id = typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : undefined;
  return typeof id === 'string' ? `model "${id}"` : `entry ${index + 1}`;
}
