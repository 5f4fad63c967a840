import { ConversionError, type ConversionReason, type Warn } from './errors.ts';
import { isJsonObject, type JsonObject } from './source.ts';

/** The part of a checkpoint's config.json that decides its tensors and MLC's model_config. */
export interface LlamaConfig {
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  keyValueHeads: number;
  headDim: number;
  vocabSize: number;
  contextWindowSize: number;
  rmsNormEps: number;
  ropeTheta: number;
  /** null unless LLaMA-3's. */
  ropeScaling: JsonObject | null;
  tieWordEmbeddings: boolean;
}

const FILE = 'config.json';

function bad(reason: ConversionReason): ConversionError {
  return new ConversionError('bad-config', {
    file: FILE,
    reason,
    next: 'llama-only',
  });
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}

/** Largest value taken for any size: keeps products of two sizes exact and refuses nonsense early. */
const SIZE_LIMIT = 2 ** 24;

/** The largest LLaMA has 126. A list of every layer's tensors is made before any is looked for. */
const LAYER_LIMIT = 4096;

function readSize(json: JsonObject, key: string, fallback?: number, limit = SIZE_LIMIT): number {
  const value = json[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > limit) {
    throw bad({ says: 'field-size', field: key, value: show(json[key]) });
  }
  return value;
}

function readPositive(json: JsonObject, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw bad({ says: 'field-positive', field: key, value: show(json[key]) });
  }
  return value;
}

/** @throws ConversionError `bad-config` naming the field at fault */
export function parseLlamaConfig(json: JsonObject, warn: Warn): LlamaConfig {
  if (json.model_type !== 'llama') {
    throw bad({ says: 'field-other', field: 'model_type', value: show(json.model_type), wanted: '"llama"' });
  }
  for (const key of ['attention_bias', 'mlp_bias']) {
    if (json[key] === true) throw bad({ says: 'field-bias', field: key });
  }
  if (json.hidden_act !== undefined && json.hidden_act !== 'silu') {
    throw bad({ says: 'field-other', field: 'hidden_act', value: show(json.hidden_act), wanted: '"silu"' });
  }
  if (json.quantization_config != null) {
    throw bad({ says: 'quantised-already' });
  }
  const hiddenSize = readSize(json, 'hidden_size');
  const heads = readSize(json, 'num_attention_heads');
  if (json.head_dim == null && hiddenSize % heads !== 0) {
    throw bad({
      says: 'not-a-multiple',
      field: 'hidden_size',
      value: hiddenSize,
      of: 'num_attention_heads',
      divisor: heads,
    });
  }
  const keyValueHeads = readSize(json, 'num_key_value_heads', heads);
  if (heads % keyValueHeads !== 0) {
    throw bad({
      says: 'not-a-multiple',
      field: 'num_attention_heads',
      value: heads,
      of: 'num_key_value_heads',
      divisor: keyValueHeads,
    });
  }
  const contextKey = json.max_position_embeddings != null ? 'max_position_embeddings' : 'max_sequence_length';
  // Since version 5, transformers writes both into one object.
  const rope = isJsonObject(json.rope_parameters) ? json.rope_parameters : {};
  const { rope_theta: _, ...scaling } = rope;
  return {
    hiddenSize,
    heads,
    keyValueHeads,
    intermediateSize: readSize(json, 'intermediate_size'),
    layers: readSize(json, 'num_hidden_layers', undefined, LAYER_LIMIT),
    headDim: readSize(json, 'head_dim', hiddenSize / heads),
    vocabSize: readSize(json, 'vocab_size'),
    contextWindowSize: readSize(json, contextKey),
    rmsNormEps: readPositive(json, 'rms_norm_eps'),
    ropeTheta: readPositive({ ...rope, ...json }, 'rope_theta', 10000),
    ropeScaling: readRopeScaling(json.rope_scaling ?? scaling, warn),
    tieWordEmbeddings: json.tie_word_embeddings === true,
  };
}

function readRopeScaling(value: unknown, warn: Warn): JsonObject | null {
  if (value == null || (isJsonObject(value) && Object.keys(value).length === 0)) return null;
  if (!isJsonObject(value)) throw bad({ says: 'rope-scaling' });
  if (!('rope_type' in value)) {
    // MLC drops the older form as well: say so, because long prompts then behave otherwise than in training.
    warn({ says: 'rope-scaling', file: FILE });
    return null;
  }
  if (value.rope_type === 'default') return null;
  if (value.rope_type !== 'llama3') {
    throw bad({ says: 'rope-type', value: show(value.rope_type) });
  }
  return value;
}
