import * as v from 'valibot';
import { describeIssues } from './issues.ts';
import {
  QUANTIZATIONS,
  type Architecture,
  type Model,
  type ModelEntry,
  type Quantization,
} from './models.ts';

/** What a build's or checkpoint's own configuration says about it. */
export interface Shape {
  readonly architecture: Architecture;
  /** Tokens. */
  readonly contextWindow: number;
  /** Absent for a checkpoint, which is not quantised yet. */
  readonly quantization?: Quantization;
}

export type ShapeReading =
  { readonly ok: true; readonly shape: Shape } | { readonly ok: false; readonly problem: string };

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Named as Hugging Face and MLC both name them. */
const llama = {
  num_hidden_layers: count,
  hidden_size: count,
  intermediate_size: count,
  num_attention_heads: count,
  num_key_value_heads: v.optional(count),
  vocab_size: count,
};

const CheckpointSchema = v.object({ ...llama, max_position_embeddings: count });
const BuildSchema = v.object({
  model_type: v.literal('llama'),
  quantization: v.picklist(QUANTIZATIONS),
  context_window_size: count,
  model_config: v.object(llama),
});

type Llama = v.InferOutput<typeof BuildSchema>['model_config'];

/** The architecture's fields by the names that a configuration has for them. */
const FIELDS: readonly [keyof Architecture, keyof Llama][] = [
  ['layers', 'num_hidden_layers'],
  ['hidden', 'hidden_size'],
  ['intermediate', 'intermediate_size'],
  ['heads', 'num_attention_heads'],
  ['keyValueHeads', 'num_key_value_heads'],
  ['vocabulary', 'vocab_size'],
];

/** Reads mlc-chat-config.json, of a model build. */
export function readBuildShape(json: unknown): ShapeReading {
  const parsed = v.safeParse(BuildSchema, json);
  if (!parsed.success) return { ok: false, problem: describeIssues(parsed.issues) };
  const { model_config: config, quantization, context_window_size: contextWindow } = parsed.output;
  return { ok: true, shape: { architecture: architectureOf(config), contextWindow, quantization } };
}

/** Reads config.json, of a checkpoint. */
export function readCheckpointShape(json: unknown): ShapeReading {
  const parsed = v.safeParse(CheckpointSchema, json);
  if (!parsed.success) return { ok: false, problem: describeIssues(parsed.issues) };
  const contextWindow = parsed.output.max_position_embeddings;
  return { ok: true, shape: { architecture: architectureOf(parsed.output), contextWindow } };
}

/**
 * The field that says why weights of one shape can't be those of a model; undefined when they can. A checkpoint's vocabulary may have rows
 * beyond the model's, because they are cut when it is converted.
 */
export function shapeDifference(
  { architecture }: Pick<Model, 'architecture'>,
  { architecture: found, quantization }: Shape,
): { readonly field: string; readonly found: number; readonly wanted: number } | undefined {
  for (const [field, word] of FIELDS) {
    const isCut = field === 'vocabulary' && quantization === undefined && found[field] > architecture[field];
    if (found[field] !== architecture[field] && !isCut)
      return { field: word, found: found[field], wanted: architecture[field] };
  }
  return undefined;
}

interface NewEntry {
  readonly id: string;
  readonly name: string;
  readonly family: Model['family'];
  readonly shape: Shape;
  /** Folder of a model build, ending in "/"; or the repository of a checkpoint. */
  readonly from: { readonly weights: string } | { readonly repository: string };
  /** Address of a library that fits it; left out, one is taken from a known model of the same shape. */
  readonly library?: string;
}

/** Makes the registry's entry for a model that a person adds; undefined when no known library fits its shape. */
export function makeEntry(entry: NewEntry, known: readonly Model[]): ModelEntry | undefined {
  const { id, name, family, shape, from, library } = entry;
  const alike = known.find((model) => shapeDifference(model, shape) === undefined);
  const suitable = (alike?.builds ?? []).filter(
    ({ quantization }) => shape.quantization === undefined || quantization === shape.quantization,
  );
  const weights = 'weights' in from ? { weights: from.weights } : {};
  const builds = library
    ? [{ quantization: shape.quantization ?? 'q4f32_1', library, ...weights, ...featuresOf(shape) }]
    : suitable.map(({ quantization, library: fitting, requiredFeatures }) => ({
        quantization,
        library: fitting,
        requiredFeatures,
        ...weights,
      }));
  if (builds.length === 0) return undefined;
  return {
    id,
    name,
    family,
    architecture: alike?.architecture ?? shape.architecture,
    contextWindow: Math.min(shape.contextWindow, alike?.contextWindow ?? shape.contextWindow),
    licence: '',
    ...('repository' in from && { checkpoint: { repository: from.repository } }),
    ...(alike?.tokenizer !== undefined && { tokenizer: alike.tokenizer }),
    builds,
  };
}

/** MLC compiles its half-precision libraries for WebGPU's half-precision numbers. */
function featuresOf({ quantization }: Shape): { requiredFeatures?: string[] } {
  return quantization?.includes('f16') === true ? { requiredFeatures: ['shader-f16'] } : {};
}

function architectureOf(config: Llama): Architecture {
  return {
    layers: config.num_hidden_layers,
    hidden: config.hidden_size,
    intermediate: config.intermediate_size,
    heads: config.num_attention_heads,
    keyValueHeads: config.num_key_value_heads ?? config.num_attention_heads,
    vocabulary: config.vocab_size,
  };
}
