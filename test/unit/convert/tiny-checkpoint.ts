import { blobFile } from '../../../src/weights/checkpoint/blob-source.ts';
import type { Source } from '../../../src/weights/checkpoint/source.ts';
import type { FloatDtype } from '../../../src/weights/checkpoint/tensor.ts';
import { roundToF16, toF16Bits } from '../../../src/weights/convert/float.ts';

interface TestTensor {
  dtype: FloatDtype;
  shape: number[];
  values: readonly number[];
}

export type Tensors = Record<string, TestTensor>;

function bf16Bits(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer)[0] as number;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The numbers that a tensor of that format can hold. */
function representable(values: readonly number[], dtype: FloatDtype): number[] {
  if (dtype === 'F16') return values.map(roundToF16);
  if (dtype === 'F32') return values.map(Math.fround);
  return values.map((x) => new Float32Array(Uint32Array.of(bf16Bits(x) << 16).buffer)[0] as number);
}

function encode({ dtype, values }: TestTensor): Uint8Array<ArrayBuffer> {
  if (dtype === 'F32') return new Uint8Array(Float32Array.from(values).buffer);
  return new Uint8Array(Uint16Array.from(values, dtype === 'F16' ? toF16Bits : bf16Bits).buffer);
}

/** A safetensors file from a header (or its text) and data. */
export function safetensors(header: unknown, data: Uint8Array<ArrayBuffer> = new Uint8Array()): Blob {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(json.length), true);
  return new Blob([prefix, json, data]);
}

/** A safetensors file with the tensors' data in the given order. */
export function tensorFile(tensors: Tensors): Blob {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let position = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = encode(tensor);
    header[name] = {
      dtype: tensor.dtype,
      shape: tensor.shape,
      data_offsets: [position, position + bytes.length],
    };
    position += bytes.length;
    parts.push(bytes);
  }
  const data = new Uint8Array(position);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return safetensors(header, data);
}

export function source(files: Record<string, Blob | object>): Source {
  return new Map(
    Object.entries(files).map(([name, content]) => [
      name,
      blobFile(name, content instanceof Blob ? content : new Blob([JSON.stringify(content)])),
    ]),
  );
}

/** Two layers, three query heads sharing one key and value head, sizes that are no multiples of 32. */
export const CONFIG = {
  model_type: 'llama',
  hidden_size: 48,
  intermediate_size: 40,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  num_key_value_heads: 1,
  vocab_size: 12,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
};

/** All tensors of the model of CONFIG, in name order, with numbers that depend on name and position only. */
export function tinyTensors({
  vocabulary = CONFIG.vocab_size,
  tied = false,
  dtypeOf = (_: string): FloatDtype => 'F32',
} = {}): Tensors {
  const { hidden_size: hidden, intermediate_size: inner, num_hidden_layers: layers } = CONFIG;
  const shapes: Record<string, number[]> = {
    'model.embed_tokens.weight': [vocabulary, hidden],
    'model.norm.weight': [hidden],
    ...(!tied && { 'lm_head.weight': [vocabulary, hidden] }),
  };
  for (let layer = 0; layer < layers; layer++) {
    Object.assign(
      shapes,
      Object.fromEntries(
        Object.entries({
          input_layernorm: [hidden],
          post_attention_layernorm: [hidden],
          'mlp.down_proj': [hidden, inner],
          'mlp.gate_proj': [inner, hidden],
          'mlp.up_proj': [inner, hidden],
          'self_attn.q_proj': [48, hidden],
          'self_attn.k_proj': [16, hidden],
          'self_attn.v_proj': [16, hidden],
          'self_attn.o_proj': [hidden, 48],
        }).map(([name, shape]) => [`model.layers.${layer}.${name}.weight`, shape]),
      ),
    );
  }
  const tensors: Tensors = {};
  for (const name of Object.keys(shapes).sort()) {
    const shape = shapes[name] as number[];
    const dtype = dtypeOf(name);
    let seed = [...new TextEncoder().encode(name)].reduce((sum, byte) => (sum * 31 + byte) % 9973, 7);
    const next = (): number => (seed = (seed * 7919 + 13) % 10007) / 10007 - 0.5;
    const values = Array.from({ length: shape.reduce((a, b) => a * b) }, next);
    tensors[name] = { dtype, shape, values: representable(values, dtype) };
  }
  return tensors;
}

export function tinyCheckpoint(
  changes: { config?: object; tensors?: Tensors; files?: Record<string, Blob | object> } = {},
): Source {
  return source({
    'config.json': { ...CONFIG, ...changes.config },
    'model.safetensors': tensorFile(changes.tensors ?? tinyTensors()),
    ...changes.files,
  });
}
