import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { ConversionError, type ConversionReason, type Warn } from '../checkpoint/errors.ts';
import type { LlamaConfig } from '../checkpoint/llama-config.ts';
import { isFloatDtype, type FloatDtype, type TensorEntry } from '../checkpoint/tensor.ts';

/** One of MLC's parameters: the rows of its sources, one after the other. */
export interface Parameter {
  /** MLC's name, ending in `.weight`. */
  name: string;
  shape: readonly number[];
  sources: readonly (TensorEntry & { dtype: FloatDtype })[];
  /** Whether a quantised build stores it as codes and scales: all but the norms. */
  quantisable: boolean;
}

/** Rows that a source may have beyond the vocabulary wanted: added tokens (padding) and rounding up to 64. */
export const VOCABULARY_SLACK = 64;

/** Vocabulary of LLaMA-2 and TinyLlama, to which the prebuilt model libraries are compiled. */
export const LLAMA2_VOCABULARY = 32000;

/**
 * The vocabulary that the build gets: the checkpoint's own, but LLaMA-2's where the checkpoint adds a few rows to it
 * (a padding token), because the libraries take no more and the added tokens never occur in a prompt.
 */
export function chooseVocabulary(checkpointSize: number): number {
  return checkpointSize > LLAMA2_VOCABULARY && checkpointSize <= LLAMA2_VOCABULARY + VOCABULARY_SLACK
    ? LLAMA2_VOCABULARY
    : checkpointSize;
}

interface Wanted {
  name: string;
  /** Shapes of the sources by their names in the checkpoint. */
  sources: Map<string, readonly number[]>;
  quantisable: boolean;
}

function wantedParameters(config: LlamaConfig): Wanted[] {
  const { hiddenSize: hidden, intermediateSize: inner, headDim } = config;
  const query = config.heads * headDim;
  const keyValue = config.keyValueHeads * headDim;
  const same = (name: string, shape: number[]): Wanted => ({
    name,
    sources: new Map([[name, shape]]),
    quantisable: shape.length === 2,
  });
  const joined = (prefix: string, name: string, parts: Record<string, number[]>): Wanted => ({
    name: `${prefix}.${name}.weight`,
    sources: new Map(Object.entries(parts).map(([part, shape]) => [`${prefix}.${part}.weight`, shape])),
    quantisable: true,
  });
  const wanted = [same('model.embed_tokens.weight', [config.vocabSize, hidden])];
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    wanted.push(
      joined(`${prefix}.self_attn`, 'qkv_proj', {
        q_proj: [query, hidden],
        k_proj: [keyValue, hidden],
        v_proj: [keyValue, hidden],
      }),
      same(`${prefix}.self_attn.o_proj.weight`, [hidden, query]),
      joined(`${prefix}.mlp`, 'gate_up_proj', { gate_proj: [inner, hidden], up_proj: [inner, hidden] }),
      same(`${prefix}.mlp.down_proj.weight`, [hidden, inner]),
      same(`${prefix}.input_layernorm.weight`, [hidden]),
      same(`${prefix}.post_attention_layernorm.weight`, [hidden]),
    );
  }
  wanted.push(same('model.norm.weight', [hidden]));
  if (!config.tieWordEmbeddings) wanted.push(same('lm_head.weight', [config.vocabSize, hidden]));
  return wanted;
}

export interface ParameterPlan {
  /** In the order in which MLC writes them. */
  parameters: Parameter[];
  /** Elements of all tensors that MLC's loader would read (its measure for bits a parameter). */
  elementsRead: number;
}

/**
 * Decides which source tensors make up which parameter, in MLC's order: that of the checkpoint's tensor list, where a
 * joined parameter stands at the first of its parts.
 * @param config as in the checkpoint, but with the vocabulary that the build shall have
 * @throws ConversionError for a missing tensor, a wrong shape or number format
 */
export function planParameters(checkpoint: Checkpoint, config: LlamaConfig, warn: Warn): ParameterPlan {
  const bySource = new Map<string, Wanted>();
  const wanted = wantedParameters(config);
  for (const parameter of wanted)
    for (const source of parameter.sources.keys()) bySource.set(source, parameter);

  const found = new Map(checkpoint.tensors.map((tensor) => [tensor.name, tensor]));
  for (const parameter of wanted) {
    for (const source of parameter.sources.keys()) {
      if (!found.has(source)) {
        throw new ConversionError('missing-tensor', {
          file: checkpoint.files.map((file) => file.name).join(', '),
          tensor: source,
          reason: { says: 'tensor-missing' },
          next: 'download-whole-and-check',
        });
      }
    }
  }

  const unused: string[] = [];
  const order = new Set<Wanted>();
  for (const { name } of checkpoint.tensors) {
    const parameter = bySource.get(name);
    if (parameter) order.add(parameter);
    else if (!isRotaryCache(name, config)) unused.push(name);
  }
  if (unused.length > 0) {
    warn({ says: 'tensors-left-out', count: unused.length, first: unused.slice(0, 5) });
  }
  const parameters = [...order].map((parameter) => build(parameter, found, warn));
  return { parameters, elementsRead: countElementsRead(checkpoint, parameters, config) };
}

/** Old checkpoints carry this table, which every implementation computes for itself. */
function isRotaryCache(name: string, config: LlamaConfig): boolean {
  const layer = /^model\.layers\.(\d+)\.self_attn\.rotary_emb\.inv_freq$/.exec(name)?.[1];
  return layer !== undefined && Number(layer) < config.layers;
}

function build(wanted: Wanted, found: ReadonlyMap<string, TensorEntry>, warn: Warn): Parameter {
  const sources: (TensorEntry & { dtype: FloatDtype })[] = [];
  for (const [name, shape] of wanted.sources) {
    const tensor = found.get(name);
    if (!tensor) throw new Error(`${name} was checked above`);
    sources.push(checkTensor(tensor, shape, warn));
  }
  const dtypes = new Set(sources.map((source) => source.dtype));
  if (dtypes.has('F16') && dtypes.has('BF16')) {
    throw new ConversionError('bad-tensor', {
      file: sources[0]?.file.name,
      tensor: wanted.name,
      reason: { says: 'mixed-formats', parts: sources.map((source) => source.name) },
      next: 'one-number-format',
    });
  }
  const rows = sources.reduce((sum, source) => sum + (source.shape[0] ?? 0), 0);
  return {
    name: wanted.name,
    shape: [rows, ...(sources[0]?.shape.slice(1) ?? [])],
    sources,
    quantisable: wanted.quantisable,
  };
}

function checkTensor(
  tensor: TensorEntry,
  shape: readonly number[],
  warn: Warn,
): TensorEntry & { dtype: FloatDtype } {
  const fail = (reason: ConversionReason): ConversionError =>
    new ConversionError('bad-tensor', {
      file: tensor.file.name,
      tensor: tensor.name,
      reason,
      next: 'check-config',
    });
  const { dtype } = tensor;
  if (!isFloatDtype(dtype)) throw fail({ says: 'number-format', dtype });
  const [rows = 0, ...rest] = shape;
  const vocabulary = tensor.name === 'model.embed_tokens.weight' || tensor.name === 'lm_head.weight';
  const extra = (tensor.shape[0] ?? 0) - rows;
  const fits = extra === 0 || (vocabulary && extra > 0 && extra <= VOCABULARY_SLACK);
  if (!fits || tensor.shape.length !== shape.length || rest.some((size, i) => tensor.shape[i + 1] !== size)) {
    throw fail({ says: 'tensor-shape', found: tensor.shape, wanted: shape });
  }
  if (extra > 0) {
    warn({ says: 'rows-cut', tensor: tensor.name, cut: extra, rows });
  }
  return { ...tensor, dtype, shape };
}

/**
 * MLC's loader keeps a file until another must be opened that is needed while this one is not, and counts a file's
 * elements each time it is opened (huggingface_loader.py). Only the figure BitsPerParam depends on it.
 */
function countElementsRead(
  checkpoint: Checkpoint,
  parameters: readonly Parameter[],
  config: LlamaConfig,
): number {
  const elements = new Map<string, number>();
  for (const file of checkpoint.files) {
    let rotary = 0;
    for (const tensor of file.tensors.values()) {
      if (isRotaryCache(tensor.name, config)) rotary += tensor.shape.reduce((a, b) => a * b, 1);
    }
    elements.set(file.name, file.elements - rotary);
  }
  let open = new Set<string>();
  let total = 0;
  for (const { sources } of parameters) {
    const needed = new Set(sources.map((source) => source.file.name));
    const toOpen = [...needed].filter((name) => !open.has(name));
    if (toOpen.length === 0) continue;
    open = needed;
    for (const name of toOpen) total += elements.get(name) ?? 0;
  }
  return total;
}
