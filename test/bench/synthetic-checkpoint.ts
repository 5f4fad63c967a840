import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** LLaMA shapes: those of the published models, and a small one that takes a second or two. */
export const SHAPES = {
  small: { hidden: 512, inner: 1408, layers: 8, heads: 8, keyValueHeads: 8 },
  'tinyllama-1.1b': { hidden: 2048, inner: 5632, layers: 22, heads: 32, keyValueHeads: 4 },
  'llama2-7b': { hidden: 4096, inner: 11008, layers: 32, heads: 32, keyValueHeads: 32 },
  'llama2-13b': { hidden: 5120, inner: 13824, layers: 40, heads: 40, keyValueHeads: 40 },
} as const;

const VOCABULARY = 32000;

export type ShapeName = keyof typeof SHAPES;

function tensorShapes(name: ShapeName, layers: number): [name: string, shape: number[]][] {
  const { hidden, inner, heads, keyValueHeads } = SHAPES[name];
  const keyValue = (hidden / heads) * keyValueHeads;
  const list: [string, number[]][] = [
    ['lm_head.weight', [VOCABULARY, hidden]],
    ['model.embed_tokens.weight', [VOCABULARY, hidden]],
    ['model.norm.weight', [hidden]],
  ];
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    list.push(
      [`${prefix}.input_layernorm.weight`, [hidden]],
      [`${prefix}.mlp.down_proj.weight`, [hidden, inner]],
      [`${prefix}.mlp.gate_proj.weight`, [inner, hidden]],
      [`${prefix}.mlp.up_proj.weight`, [inner, hidden]],
      [`${prefix}.post_attention_layernorm.weight`, [hidden]],
      [`${prefix}.self_attn.k_proj.weight`, [keyValue, hidden]],
      [`${prefix}.self_attn.o_proj.weight`, [hidden, hidden]],
      [`${prefix}.self_attn.q_proj.weight`, [hidden, hidden]],
      [`${prefix}.self_attn.v_proj.weight`, [keyValue, hidden]],
    );
  }
  return list.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Random bf16 numbers, normally distributed with the spread of real projections (0.02), always the same ones. */
function randomWeights(count: number): Uint16Array {
  let state = 0x9e3779b9;
  const uniform = (): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  const numbers = Float32Array.from(
    { length: count },
    () => 0.02 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
  return Uint16Array.from(new Uint32Array(numbers.buffer), (bits) => bits >>> 16);
}

export interface SyntheticCheckpoint {
  configJson: string;
  /** Length and JSON of the safetensors file. */
  header: Uint8Array<ArrayBuffer>;
  /** Bytes of data behind the header. */
  dataBytes: number;
}

/** Config and header of a bf16 checkpoint in one safetensors file, of any size. */
export function describeCheckpoint(
  name: ShapeName,
  layers: number = SHAPES[name].layers,
): SyntheticCheckpoint {
  const { hidden, inner, heads, keyValueHeads } = SHAPES[name];
  const header: Record<string, unknown> = {};
  let position = 0;
  for (const [tensor, shape] of tensorShapes(name, layers)) {
    const end = position + 2 * shape.reduce((a, b) => a * b, 1);
    header[tensor] = { dtype: 'BF16', shape, data_offsets: [position, end] };
    position = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  const config = {
    model_type: 'llama',
    hidden_size: hidden,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    vocab_size: VOCABULARY,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
  };
  return { configJson: JSON.stringify(config), header: bytes, dataBytes: position };
}

/** Numbers that are repeated to fill a checkpoint; an odd count, so that no two tensors are alike. */
const TILE = 8 * 2 ** 20 - 7;

/** Writes the checkpoint into a folder. @returns bytes of weights */
export async function writeCheckpoint(folder: string, name: ShapeName, layers?: number): Promise<number> {
  const { configJson, header, dataBytes } = describeCheckpoint(name, layers);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), configJson);
  await writeFile(
    join(folder, 'tokenizer.json'),
    JSON.stringify({ model: { type: 'BPE', vocab: { a: 0 }, merges: [] } }),
  );
  const tile = new Uint8Array(randomWeights(TILE).buffer);
  const file = await open(join(folder, 'model.safetensors'), 'w');
  try {
    await file.write(header);
    for (let left = dataBytes; left > 0; left -= tile.length) {
      await file.writeFile(left < tile.length ? tile.subarray(0, left) : tile);
    }
  } finally {
    await file.close();
  }
  return dataBytes;
}
