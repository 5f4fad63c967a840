import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensorFile, type Tensors } from '../unit/convert/tiny-checkpoint.ts';

const CONFIG_URL = new URL('../../model-config/demo/config.json', import.meta.url);

/** Ids before the 256 bytes. */
const SPECIAL = ['<unk>', '<s>', '</s>'];

/** The demo's shape, so that the demo's library runs the model. */
function readConfig(): Record<string, number> {
  return JSON.parse(readFileSync(CONFIG_URL, 'utf8')) as Record<string, number>;
}

/** Writes a random LLaMA checkpoint of the demo's shape in bfloat16; the same one for the same seed. */
export async function writeRandomCheckpoint(folder: string, seed: number): Promise<void> {
  const config = readConfig();
  const size = (name: string): number => config[name] ?? 0;
  const hidden = size('hidden_size');
  const inner = size('intermediate_size');
  const keys = (hidden / size('num_attention_heads')) * size('num_key_value_heads');
  const random = generator(seed);
  const tensors: Tensors = {};
  const put = (name: string, shape: number[], low: number, high: number): void => {
    const length = shape.reduce((a, b) => a * b);
    const values = Array.from({ length }, () => low + (high - low) * random());
    tensors[name] = { dtype: 'BF16', shape, values };
  };
  /** Spread so that a product has about the size of what went in. */
  const matrix = (name: string, rows: number, columns: number): void => {
    const most = Math.sqrt(3 / columns);
    put(name, [rows, columns], -most, most);
  };
  put('model.embed_tokens.weight', [size('vocab_size'), hidden], -1.7, 1.7);
  for (let i = 0; i < size('num_hidden_layers'); i++) {
    const layer = `model.layers.${i}`;
    put(`${layer}.input_layernorm.weight`, [hidden], 0.5, 1.5);
    put(`${layer}.post_attention_layernorm.weight`, [hidden], 0.5, 1.5);
    matrix(`${layer}.self_attn.q_proj.weight`, hidden, hidden);
    matrix(`${layer}.self_attn.k_proj.weight`, keys, hidden);
    matrix(`${layer}.self_attn.v_proj.weight`, keys, hidden);
    matrix(`${layer}.self_attn.o_proj.weight`, hidden, hidden);
    matrix(`${layer}.mlp.gate_proj.weight`, inner, hidden);
    matrix(`${layer}.mlp.up_proj.weight`, inner, hidden);
    matrix(`${layer}.mlp.down_proj.weight`, hidden, inner);
  }
  put('model.norm.weight', [hidden], 0.5, 1.5);
  matrix('lm_head.weight', size('vocab_size'), hidden);
  // Bytes are made unlikely, so that a reply consists of words that say which token they are.
  const head = tensors['lm_head.weight'];
  if (head)
    head.values = head.values.map((value, i) => (i < (SPECIAL.length + 256) * hidden ? value / 8 : value));
  const weights = new Uint8Array(await tensorFile(tensors).arrayBuffer());
  writeFileSync(join(folder, 'model.safetensors'), weights);
  writeFileSync(join(folder, 'config.json'), readFileSync(CONFIG_URL));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(byteTokenizer(size('vocab_size'))));
}

/** Ids of a text: a BOS, then its bytes. */
export function byteIds(text: string): number[] {
  return [
    SPECIAL.indexOf('<s>'),
    ...[...new TextEncoder().encode(text)].map((byte) => byte + SPECIAL.length),
  ];
}

/** Text of ids: bytes are themselves, and every other id has a word of its own that says which it is. */
export function textOf(ids: readonly number[]): string {
  const bytes = ids.flatMap((id) => {
    const byte = id - SPECIAL.length;
    return byte < 256 ? [byte] : [...new TextEncoder().encode(word(id))];
  });
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

function word(id: number): string {
  return `<${id}>`;
}

/** Every byte is a token; the ids above them are words that no text is cut into. */
function byteTokenizer(vocabulary: number): object {
  const tokens = [...SPECIAL, ...Array.from({ length: 256 }, (_, byte) => standIn(byte))];
  while (tokens.length < vocabulary) tokens.push(word(tokens.length));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [],
    },
  };
}

/** The printable character that stands for a byte in such a tokenizer (GPT-2's way). */
function standIn(byte: number): string {
  const isPrintable = (b: number): boolean => (b > 32 && b < 127) || (b > 160 && b !== 173);
  if (isPrintable(byte)) return String.fromCharCode(byte);
  const before = Array.from({ length: byte }, (_, b) => b).filter((b) => !isPrintable(b)).length;
  return String.fromCharCode(256 + before);
}

/** Numbers from 0 to 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
