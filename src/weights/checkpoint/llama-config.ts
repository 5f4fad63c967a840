import { ConversionError } from './errors.ts';
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

function bad(reason: string): ConversionError {
  return new ConversionError('bad-config', {
    file: FILE,
    reason,
    next: 'Only LLaMA checkpoints (LlamaForCausalLM) can be converted.',
  });
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}

/** Largest value taken for any size: keeps products of two sizes exact and refuses nonsense early. */
const SIZE_LIMIT = 2 ** 24;

function readSize(json: JsonObject, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > SIZE_LIMIT) {
    throw bad(`The field ${key} is ${show(json[key])}; a positive whole number is needed.`);
  }
  return value;
}

function readPositive(json: JsonObject, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw bad(`The field ${key} is ${show(json[key])}; a positive number is needed.`);
  }
  return value;
}

/** @throws ConversionError `bad-config` naming the field at fault */
export function parseLlamaConfig(json: JsonObject, warn: (message: string) => void): LlamaConfig {
  if (json.model_type !== 'llama') {
    throw bad(`The field model_type is ${show(json.model_type)}, not "llama".`);
  }
  for (const key of ['attention_bias', 'mlp_bias']) {
    if (json[key] === true) throw bad(`The field ${key} is true; MLC's LLaMA has no such weights.`);
  }
  if (json.hidden_act !== undefined && json.hidden_act !== 'silu') {
    throw bad(`The field hidden_act is ${JSON.stringify(json.hidden_act)}, not "silu".`);
  }
  if (json.quantization_config != null) {
    throw bad(
      'The field quantization_config says that the weights are quantised already; float weights are needed.',
    );
  }
  const hiddenSize = readSize(json, 'hidden_size');
  const heads = readSize(json, 'num_attention_heads');
  if (json.head_dim == null && hiddenSize % heads !== 0) {
    throw bad(`hidden_size ${hiddenSize} is not a multiple of num_attention_heads ${heads}.`);
  }
  const keyValueHeads = readSize(json, 'num_key_value_heads', heads);
  if (heads % keyValueHeads !== 0) {
    throw bad(`num_attention_heads ${heads} is not a multiple of num_key_value_heads ${keyValueHeads}.`);
  }
  const contextKey = json.max_position_embeddings != null ? 'max_position_embeddings' : 'max_sequence_length';
  return {
    hiddenSize,
    heads,
    keyValueHeads,
    intermediateSize: readSize(json, 'intermediate_size'),
    layers: readSize(json, 'num_hidden_layers'),
    headDim: readSize(json, 'head_dim', hiddenSize / heads),
    vocabSize: readSize(json, 'vocab_size'),
    contextWindowSize: readSize(json, contextKey),
    rmsNormEps: readPositive(json, 'rms_norm_eps'),
    ropeTheta: readPositive(json, 'rope_theta', 10000),
    ropeScaling: readRopeScaling(json.rope_scaling, warn),
    tieWordEmbeddings: json.tie_word_embeddings === true,
  };
}

function readRopeScaling(value: unknown, warn: (message: string) => void): JsonObject | null {
  if (value == null) return null;
  if (!isJsonObject(value)) throw bad('The field rope_scaling is not an object.');
  if (!('rope_type' in value)) {
    // MLC drops the older form as well: say so, because long prompts then behave otherwise than in training.
    warn(`${FILE}: rope_scaling without rope_type is not known to MLC and left out.`);
    return null;
  }
  if (value.rope_type !== 'llama3') {
    throw bad(
      `The field rope_scaling.rope_type is ${JSON.stringify(value.rope_type)}; MLC knows "llama3" only.`,
    );
  }
  return value;
}
