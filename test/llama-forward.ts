import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * An independent float forward over a q4f32_1 model build, straight from the LLaMA paper: what the page computes on
 * WebGPU is checked against it. It shares no code with the converter or the engine.
 */

interface Config {
  hidden_size: number;
  intermediate_size: number;
  num_attention_heads: number;
  num_key_value_heads: number;
  num_hidden_layers: number;
  head_dim: number;
  rms_norm_eps: number;
  position_embedding_base: number;
  vocab_size: number;
}

interface TensorRecord {
  name: string;
  shape: [number, number?];
  dtype: string;
  nbytes: number;
  byteOffset: number;
}

const GROUP = 32;

export class LlamaForward {
  readonly #config: Config;
  /** Weights by name, row by row. */
  readonly #weights = new Map<string, Float32Array>();
  /** For each layer the keys and values of the tokens so far. */
  readonly #cache: { keys: Float32Array[]; values: Float32Array[] }[];
  #position = 0;

  /** @param folder a build with quantisation q4f32_1 */
  constructor(folder: string) {
    const chat = JSON.parse(readFileSync(join(folder, 'mlc-chat-config.json'), 'utf8')) as {
      model_config: Config;
    };
    this.#config = chat.model_config;
    this.#cache = Array.from({ length: this.#config.num_hidden_layers }, () => ({ keys: [], values: [] }));
    const tensors = readTensors(folder);
    for (const [name, { data, shape }] of tensors) {
      const base = name.replace(/\.q_weight$/, '');
      const scales = tensors.get(`${base}.q_scale`);
      if (base !== name && scales) this.#weights.set(base, dequantise(data, scales.data, shape[0]));
      else if (name.endsWith('.weight'))
        this.#weights.set(name.replace(/\.weight$/, ''), data as Float32Array);
    }
  }

  /**
   * Greedy continuation of a prompt.
   * @returns the tokens, and by how much the likeliest was ahead of the second at least (in logits)
   */
  greedy(promptIds: readonly number[], count: number): { ids: number[]; margin: number } {
    let logits: Float32Array = new Float32Array();
    for (const id of promptIds) logits = this.#step(id);
    const ids: number[] = [];
    let margin = Infinity;
    while (ids.length < count) {
      let [best, second] = [0, -1];
      for (let id = 1; id < logits.length; id++) {
        if (at(logits, id) > at(logits, best)) [second, best] = [best, id];
        else if (second < 0 || at(logits, id) > at(logits, second)) second = id;
      }
      margin = Math.min(margin, at(logits, best) - at(logits, second));
      ids.push(best);
      logits = this.#step(best);
    }
    return { ids, margin };
  }

  #step(id: number): Float32Array {
    const c = this.#config;
    const { hidden_size: hidden, head_dim: dim, num_attention_heads: heads } = c;
    const keyHeads = c.num_key_value_heads;
    const x = this.#weight('model.embed_tokens').slice(id * hidden, (id + 1) * hidden);
    this.#cache.forEach(({ keys, values }, index) => {
      const layer = `model.layers.${index}`;
      const qkv = this.#times(`${layer}.self_attn.qkv_proj`, this.#norm(`${layer}.input_layernorm`, x));
      for (let head = 0; head < heads + keyHeads; head++)
        this.#rotate(qkv.subarray(head * dim, (head + 1) * dim));
      keys.push(qkv.slice(heads * dim, (heads + keyHeads) * dim));
      values.push(qkv.slice((heads + keyHeads) * dim));
      const attended = new Float32Array(heads * dim);
      for (let head = 0; head < heads; head++) {
        const from = Math.floor((head * keyHeads) / heads) * dim;
        const query = qkv.subarray(head * dim, (head + 1) * dim);
        const scores = keys.map((key) => dot(query, key.subarray(from, from + dim)) / Math.sqrt(dim));
        const most = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - most));
        const total = weights.reduce((a, b) => a + b);
        values.forEach((value, token) => {
          for (let i = 0; i < dim; i++)
            attended[head * dim + i] =
              at(attended, head * dim + i) + (at(weights, token) / total) * at(value, from + i);
        });
      }
      add(x, this.#times(`${layer}.self_attn.o_proj`, attended));
      const gateUp = this.#times(
        `${layer}.mlp.gate_up_proj`,
        this.#norm(`${layer}.post_attention_layernorm`, x),
      );
      const inner = c.intermediate_size;
      const activated = Float32Array.from({ length: inner }, (_, i) => {
        const gate = at(gateUp, i);
        return (gate / (1 + Math.exp(-gate))) * at(gateUp, inner + i);
      });
      add(x, this.#times(`${layer}.mlp.down_proj`, activated));
    });
    this.#position++;
    return this.#times('lm_head', this.#norm('model.norm', x));
  }

  #norm(name: string, x: Float32Array): Float32Array {
    const scale = 1 / Math.sqrt(dot(x, x) / x.length + this.#config.rms_norm_eps);
    const weight = this.#weight(name);
    return x.map((value, i) => value * scale * at(weight, i));
  }

  /** The halves of a head form the pairs that are turned. */
  #rotate(head: Float32Array): void {
    const half = head.length / 2;
    for (let i = 0; i < half; i++) {
      const angle = this.#position * this.#config.position_embedding_base ** (-i / half);
      const [a, b] = [at(head, i), at(head, half + i)];
      head[i] = a * Math.cos(angle) - b * Math.sin(angle);
      head[half + i] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }

  #times(name: string, x: Float32Array): Float32Array {
    const weight = this.#weight(name);
    const columns = x.length;
    return Float32Array.from({ length: weight.length / columns }, (_, row) =>
      dot(weight.subarray(row * columns, (row + 1) * columns), x),
    );
  }

  #weight(name: string): Float32Array {
    const weight = this.#weights.get(name);
    if (!weight) throw new Error(`The build has no ${name}.`);
    return weight;
  }
}

type Tensor = { readonly data: Float32Array | Uint32Array; readonly shape: TensorRecord['shape'] };

function readTensors(folder: string): Map<string, Tensor> {
  const { records } = JSON.parse(readFileSync(join(folder, 'tensor-cache.json'), 'utf8')) as {
    records: { dataPath: string; records: TensorRecord[] }[];
  };
  const tensors = new Map<string, Tensor>();
  for (const shard of records) {
    const bytes = readFileSync(join(folder, shard.dataPath));
    for (const { name, shape, dtype, nbytes, byteOffset } of shard.records) {
      const part = Uint8Array.from(bytes.subarray(byteOffset, byteOffset + nbytes)).buffer;
      // A float32 lies there as bfloat16, its upper half.
      const data =
        dtype === 'uint32'
          ? new Uint32Array(part)
          : new Float32Array(Uint32Array.from(new Uint16Array(part), (bits) => bits << 16).buffer);
      tensors.set(name, { data, shape });
    }
  }
  return tensors;
}

/** (code − 7) · scale; eight codes a word from the lowest bits up, one scale for 32 columns. */
function dequantise(words: ArrayLike<number>, scales: ArrayLike<number>, rows: number): Float32Array {
  const columns = (words.length / rows) * 8;
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const code = (at(words, i >> 3) >>> ((i % 8) * 4)) & 15;
    return (code - 7) * at(scales, Math.floor(i / GROUP));
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function add(x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = at(x, i) + at(y, i);
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
