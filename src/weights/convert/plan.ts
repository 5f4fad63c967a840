import { md5 } from 'hash-wasm';
import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { ConversionError, type Warn } from '../checkpoint/errors.ts';
import { parseLlamaConfig, type LlamaConfig } from '../checkpoint/llama-config.ts';
import { readJsonObject, type Source } from '../checkpoint/source.ts';
import { elementCount } from '../checkpoint/tensor.ts';
import { makeChatConfig, type ChatConfigOptions } from './chat-config.ts';
import { chooseVocabulary, planParameters, type Parameter } from './parameters.ts';
import { QUANTISATIONS, type Quantisation } from './quantisation.ts';
import { CODES_PER_WORD, GROUP } from './quantise.ts';
import { DEFAULT_SHARD_CAP, planShards, type Shard } from './shards.ts';
import type { OutputTensor } from './tensor-cache.ts';
import { readTokenizer, type TokenizerWishes } from './tokenizer.ts';

export interface ConversionOptions extends ChatConfigOptions {
  quantisation: Quantisation;
  /** Bytes; default 32 MiB, MLC's own. */
  shardCap?: number | undefined;
  /** Tokens; default: the checkpoint's, or LLaMA-2's 32,000 where it adds a few rows to those. */
  vocabSize?: number | undefined;
}

/** A parameter and the positions of what it becomes in the list of output tensors. */
export interface PlannedParameter extends Parameter {
  weight: number;
  /** Absent for what is not quantised. */
  scale?: number;
}

/** Everything about a build that is known before a weight is read. */
export interface ConversionPlan {
  parameters: PlannedParameter[];
  tensors: OutputTensor[];
  shards: Shard[];
  elementsRead: number;
  /** Tokenizer files and mlc-chat-config.json, ready to be written. */
  texts: Map<string, Uint8Array<ArrayBuffer>>;
  /** Differs when anything differs that a shard's bytes depend on. */
  fingerprint: string;
  /** Bytes of the shards and the texts. */
  nbytes: number;
}

/** Raised when the same checkpoint gives other shards than before, so that no interrupted run is mixed with it. */
const FORMAT_VERSION = 1;

/**
 * Reads a checkpoint's small files and tables of contents and lays out the build.
 * @throws ConversionError for anything that is wrong with them
 */
export async function planConversion(
  source: Source,
  options: ConversionOptions,
  warn: Warn,
  signal?: AbortSignal,
  wishes?: TokenizerWishes,
): Promise<ConversionPlan> {
  const configFile = source.get('config.json');
  if (!configFile) {
    throw new ConversionError('missing-file', {
      file: 'config.json',
      reason: { says: 'no-config' },
      next: 'choose-checkpoint',
    });
  }
  const configJson = await readJsonObject(configFile, signal);
  const published = parseLlamaConfig(configJson, warn);
  const config = withVocabulary(published, options.vocabSize, warn);
  const generationFile = source.get('generation_config.json');
  const generationJson = generationFile && (await readJsonObject(generationFile, signal));
  const checkpoint = await openCheckpoint(source, signal);
  const { parameters, elementsRead } = planParameters(checkpoint, config, warn);
  const { planned, tensors } = planTensors(parameters, options.quantisation);
  const shards = planShards(
    tensors.map((tensor) => tensor.nbytes),
    options.shardCap ?? DEFAULT_SHARD_CAP,
  );

  const isCut = config.vocabSize < published.vocabSize;
  const tokenizer = await readTokenizer(source, config.vocabSize, isCut, warn, signal, wishes);
  const chatConfig = makeChatConfig(
    {
      config,
      quantisation: options.quantisation,
      options,
      configJson,
      generationJson,
      tokenizerFiles: [...tokenizer.files.keys()],
      tokenizerJson: tokenizer.json,
      activeVocabSize: tokenizer.size,
    },
    warn,
  );
  const texts = new Map(tokenizer.files);
  texts.set('mlc-chat-config.json', new TextEncoder().encode(JSON.stringify(chatConfig, null, 2)));

  const weightFiles = checkpoint.files.map(({ name }) => {
    const file = source.get(name);
    return [name, file?.size, file?.version];
  });
  const fingerprint = await md5(JSON.stringify([FORMAT_VERSION, weightFiles, config, tensors, shards]));
  const bytesOf = (items: Iterable<{ nbytes: number }>): number =>
    [...items].reduce((sum, { nbytes }) => sum + nbytes, 0);
  const textBytes = [...texts.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  return {
    parameters: planned,
    tensors,
    shards,
    elementsRead,
    texts,
    fingerprint,
    nbytes: bytesOf(shards) + textBytes,
  };
}

function withVocabulary(config: LlamaConfig, wanted: number | undefined, warn: Warn): LlamaConfig {
  const vocabSize = wanted ?? chooseVocabulary(config.vocabSize);
  if (vocabSize > config.vocabSize) {
    throw new ConversionError('bad-option', {
      reason: { says: 'vocabulary-too-large', wanted: vocabSize, found: config.vocabSize },
      next: 'choose-vocabulary',
    });
  }
  if (vocabSize < config.vocabSize) {
    warn({ says: 'vocabulary-cut', from: config.vocabSize, to: vocabSize });
  }
  return { ...config, vocabSize };
}

function planTensors(
  parameters: readonly Parameter[],
  quantisation: Quantisation,
): { planned: PlannedParameter[]; tensors: OutputTensor[] } {
  const { bits, model } = QUANTISATIONS[quantisation];
  const tensors: OutputTensor[] = [];
  const planned = parameters.map((parameter): PlannedParameter => {
    const weight = tensors.length;
    const { name, shape } = parameter;
    if (bits === 0 || !parameter.quantisable) {
      tensors.push({ name, shape, dtype: model, nbytes: elementCount(shape) * 2 });
      return { ...parameter, weight };
    }
    const stem = name.slice(0, -'weight'.length);
    const [rows = 0, columns = 0] = shape;
    const groups = Math.ceil(columns / GROUP);
    const words = (groups * GROUP) / CODES_PER_WORD;
    tensors.push(
      { name: `${stem}q_weight`, shape: [rows, words], dtype: 'uint32', nbytes: rows * words * 4 },
      { name: `${stem}q_scale`, shape: [rows, groups], dtype: model, nbytes: rows * groups * 2 },
    );
    return { ...parameter, weight, scale: weight + 1 };
  });
  return { planned, tensors };
}
