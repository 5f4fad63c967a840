import type { Warn } from '../checkpoint/errors.ts';
import type { LlamaConfig } from '../checkpoint/llama-config.ts';
import { isJsonObject, type JsonObject } from '../checkpoint/source.ts';
import type { Quantisation } from './quantisation.ts';

/** What config.json cannot know. */
export interface ChatConfigOptions {
  /** Tokens; default: the checkpoint's own. */
  contextWindowSize?: number | undefined;
  /** Tokens; default: the context window, at most 8192. */
  prefillChunkSize?: number | undefined;
  /** Sequences at a time; default 128, as in MLC. */
  maxBatchSize?: number | undefined;
}

const LARGEST_DEFAULT_PREFILL = 8192;

/**
 * MLC's template "LM": the prompt goes in as it is, after one BOS. MetaAligner's own template is filled in before.
 * One turn: empty roles and separators.
 */
const LM_TEMPLATE = {
  name: 'LM',
  system_template: '{system_message}',
  system_message: '',
  system_prefix_token_ids: [1],
  add_role_after_system_message: true,
  roles: { user: '', assistant: '' },
  role_templates: { user: '{user_message}', assistant: '{assistant_message}', tool: '{tool_message}' },
  messages: [],
  seps: [''],
  role_content_sep: '',
  role_empty_sep: '',
  stop_str: [],
  stop_token_ids: [2],
  strip_reasoning_in_history: false,
  function_string: '',
  use_function_calling: false,
};

const SAMPLING_DEFAULTS = {
  temperature: 1.0,
  presence_penalty: 0.0,
  frequency_penalty: 0.0,
  repetition_penalty: 1.0,
  top_p: 1.0,
} as const;

const TOKEN_DEFAULTS = { pad_token_id: 0, bos_token_id: 1, eos_token_id: 2 } as const;

/** The first of the checkpoint's own settings that is there, else MLC's default. */
function firstSet(defaults: JsonObject, sources: readonly JsonObject[]): JsonObject {
  return Object.fromEntries(
    Object.entries(defaults).map(([key, fallback]) => [
      key,
      sources.map((source) => source[key]).find((value) => value != null) ?? fallback,
    ]),
  );
}

/** What the tokenizer's own file says about how it cuts and joins text, as WebLLM wants to know it. */
export interface TokenizerInfo {
  token_postproc_method: 'byte_fallback' | 'byte_level';
  prepend_space_in_encode: boolean;
  strip_space_in_decode: boolean;
}

/** A normalizer's or decoder's parts: itself, or the list of a Sequence. */
function parts(value: unknown, listKey: string): JsonObject[] {
  if (!isJsonObject(value)) return [];
  const list = value.type === 'Sequence' ? value[listKey] : [value];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** @param tokenizer tokenizer.json, when the build has one */
export function describeTokenizer(tokenizer: JsonObject | undefined): TokenizerInfo {
  const decoders = parts(tokenizer?.decoder, 'decoders');
  const byteDecoder = decoders.findLast(({ type }) => type === 'ByteLevel' || type === 'ByteFallback');
  return {
    token_postproc_method: byteDecoder?.type === 'ByteLevel' ? 'byte_level' : 'byte_fallback',
    prepend_space_in_encode: parts(tokenizer?.normalizer, 'normalizers').some(
      ({ type, prepend }) => type === 'Prepend' && prepend === '\u2581',
    ),
    strip_space_in_decode: decoders.some(
      ({ type, content, start, stop }) => type === 'Strip' && content === ' ' && start === 1 && stop === 0,
    ),
  };
}

export interface ChatConfigInput {
  config: LlamaConfig;
  quantisation: Quantisation;
  options: ChatConfigOptions;
  /** config.json and generation_config.json as they are. */
  configJson: JsonObject;
  generationJson: JsonObject | undefined;
  /** Names of the build's tokenizer files, in MLC's order. */
  tokenizerFiles: readonly string[];
  tokenizerJson: JsonObject | undefined;
  /** Entries of the tokenizer; the vocabulary's size when there is none. */
  activeVocabSize: number;
}

/** The content of mlc-chat-config.json, fields in MLC's order (mlc_llm gen_config). */
export function makeChatConfig(input: ChatConfigInput, warn: Warn): JsonObject {
  const { config, options } = input;
  const contextWindowSize = options.contextWindowSize ?? config.contextWindowSize;
  let prefillChunkSize = options.prefillChunkSize ?? Math.min(contextWindowSize, LARGEST_DEFAULT_PREFILL);
  if (prefillChunkSize > contextWindowSize) {
    prefillChunkSize = Math.min(contextWindowSize, LARGEST_DEFAULT_PREFILL);
    warn({ says: 'prefill-chunk', tokens: prefillChunkSize });
  }
  const parallel = { tensor_parallel_shards: 1, pipeline_parallel_stages: 1 };
  const settings = [input.generationJson ?? {}, input.configJson];
  return {
    version: '0.1.0',
    model_type: 'llama',
    quantization: input.quantisation,
    model_config: {
      hidden_size: config.hiddenSize,
      intermediate_size: config.intermediateSize,
      num_attention_heads: config.heads,
      num_hidden_layers: config.layers,
      rms_norm_eps: config.rmsNormEps,
      vocab_size: config.vocabSize,
      tie_word_embeddings: config.tieWordEmbeddings,
      position_embedding_base: config.ropeTheta,
      rope_scaling: config.ropeScaling,
      context_window_size: contextWindowSize,
      prefill_chunk_size: prefillChunkSize,
      num_key_value_heads: config.keyValueHeads,
      head_dim: config.headDim,
      ...parallel,
      max_batch_size: options.maxBatchSize ?? 128,
      disaggregation: false,
    },
    vocab_size: config.vocabSize,
    context_window_size: contextWindowSize,
    sliding_window_size: -1,
    prefill_chunk_size: prefillChunkSize,
    attention_sink_size: -1,
    ...parallel,
    active_vocab_size: input.activeVocabSize,
    ...firstSet(SAMPLING_DEFAULTS, settings),
    tokenizer_files: input.tokenizerFiles,
    tokenizer_info: describeTokenizer(input.tokenizerJson),
    conv_template: LM_TEMPLATE,
    ...firstSet(TOKEN_DEFAULTS, settings),
    model_task: 'chat',
    embedding_metadata: null,
  };
}
