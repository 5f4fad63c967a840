import { md5 } from 'hash-wasm';
import { ConversionError, type Warn } from '../checkpoint/errors.ts';
import type { Source } from '../checkpoint/source.ts';
import {
  DTYPE_BYTES,
  elementCount,
  readRows,
  type FloatDtype,
  type TensorEntry,
} from '../checkpoint/tensor.ts';
import type { BlockResult } from './block.ts';
import type { BlockPool } from './block-pool.ts';
import { planConversion, type ConversionOptions, type PlannedParameter } from './plan.ts';
import { QUANTISATIONS } from './quantisation.ts';
import { ShardWriters } from './shard-writers.ts';
import type { BuildSink } from './sink.ts';
import { writeTensorCache } from './tensor-cache.ts';
import type { TokenizerWishes } from './tokenizer.ts';

export interface ConversionProgress {
  /** Bytes of weights read so far, out of those that this run must read. */
  readBytes: number;
  totalBytes: number;
  /** Shards that are whole. */
  shards: number;
  totalShards: number;
  /** The parameter being converted, by MLC's name. */
  parameter: string;
}

export interface ConversionHooks extends TokenizerWishes {
  pool: BlockPool;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ConversionProgress) => void) | undefined;
  /** Things to say aloud that don't stop the conversion. */
  onWarning?: Warn | undefined;
}

export interface ConversionSummary {
  /** Bytes of the whole build. */
  nbytes: number;
  shards: number;
  /** Shards taken over from an interrupted run. */
  resumedShards: number;
}

/**
 * Bytes of a checkpoint that are read and converted at a time. Large enough that a message to a thread and a request
 * to a server cost little beside the work, small enough that a few in flight fit any memory.
 */
const BLOCK_BYTES = 4 * 2 ** 20;

/** Reading a tensor with strides walks its whole stretch of the file for each block, so its blocks are larger. */
const STRIDED_BLOCK_BYTES = 128 * 2 ** 20;

/** Bytes of blocks that are in flight at most, unless one block alone has more. */
const BYTES_IN_FLIGHT = 64 * 2 ** 20;

interface RowBlock {
  parameter: PlannedParameter;
  source: TensorEntry & { dtype: FloatDtype };
  first: number;
  rows: number;
  columns: number;
  bytes: number;
  /** Whether the parameter is complete after this block. */
  last: boolean;
}

/**
 * Converts a Hugging Face LLaMA checkpoint into an MLC model build, one block of rows at a time.
 * @throws ConversionError for anything wrong with the checkpoint, the options or the destination; the signal's reason
 * when aborted. What is whole by then stays in the sink, marked unfinished, and a later run goes on from there.
 */
export async function convert(
  source: Source,
  sink: BuildSink,
  options: ConversionOptions,
  hooks: ConversionHooks,
): Promise<ConversionSummary> {
  const { signal } = hooks;
  const warn = hooks.onWarning ?? (() => undefined);
  const plan = await planConversion(source, options, warn, signal, hooks);
  const whole = await sink.begin(plan.fingerprint, plan.nbytes);
  const writers = new ShardWriters(sink, plan.shards, whole);
  const resumedShards = writers.finished.size;
  const todo = plan.parameters.filter(
    ({ weight, scale }) => !writers.has(weight) || (scale !== undefined && !writers.has(scale)),
  );
  try {
    await convertBlocks(todo, writers, plan.shards.length, options, hooks);
    const texts = new Map(plan.texts);
    const encode = (encoding: 'f32-to-bf16' | 'raw'): Uint8Array<ArrayBuffer> =>
      new TextEncoder().encode(writeTensorCache(plan, plan.shards, writers.finished, encoding));
    if (plan.tensors.some(({ dtype }) => dtype === 'float32'))
      texts.set('tensor-cache-b16.json', encode('raw'));
    texts.set('tensor-cache.json', encode('f32-to-bf16'));
    for (const [name, bytes] of texts) await writeWhole(sink, name, bytes);
    await sink.finish();
  } finally {
    await writers.abort();
  }
  return { nbytes: plan.nbytes, shards: plan.shards.length, resumedShards };
}

async function writeWhole(sink: BuildSink, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const hash = await md5(bytes);
  const file = await sink.create(name);
  try {
    await file.write(bytes);
    await file.commit(hash);
  } catch (error) {
    await file.abort();
    throw error;
  }
}

function* splitIntoBlocks(parameters: readonly PlannedParameter[]): Generator<RowBlock> {
  for (const parameter of parameters) {
    for (const source of parameter.sources) {
      const columns = source.shape.at(-1) ?? 1;
      const rows = elementCount(source.shape) / columns;
      const rowBytes = columns * (DTYPE_BYTES[source.dtype] ?? 0);
      const step = Math.max(1, Math.floor((source.strides ? STRIDED_BLOCK_BYTES : BLOCK_BYTES) / rowBytes));
      for (let first = 0; first < rows; first += step) {
        const count = Math.min(step, rows - first);
        const last = source === parameter.sources.at(-1) && first + count === rows;
        yield { parameter, source, first, rows: count, columns, bytes: count * rowBytes, last };
      }
    }
  }
}

/** Keeps a few blocks in flight (being read or converted) and takes their results in order. */
async function convertBlocks(
  parameters: readonly PlannedParameter[],
  writers: ShardWriters,
  totalShards: number,
  options: ConversionOptions,
  { pool, signal, onProgress, onWarning }: ConversionHooks,
): Promise<void> {
  const { bits, model } = QUANTISATIONS[options.quantisation];
  const blocks = [...splitIntoBlocks(parameters)];
  const totalBytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
  // The memory of blocks that are done. It is used again: new memory for each would be garbage that piles up.
  const spare: ArrayBuffer[] = [];
  const start = async (block: RowBlock): Promise<BlockResult> => {
    const { source, rows, columns, parameter } = block;
    const memory = spare.pop() ?? new ArrayBuffer(BLOCK_BYTES);
    const { buffer } = await readRows(source, block.first, rows, signal, memory);
    signal?.throwIfAborted();
    return pool.run({
      bytes: buffer,
      dtype: source.dtype,
      rows,
      columns,
      model,
      bits: parameter.scale === undefined ? 0 : bits,
    });
  };
  const inFlight: Promise<BlockResult>[] = [];
  let scales: Uint8Array<ArrayBuffer>[] = [];
  let next = 0;
  let bytesInFlight = 0;
  let readBytes = 0;
  const overflows = new Map<string, number>();
  try {
    for (const block of blocks) {
      // Two more than the threads: one being read for each thread that is about to be free.
      while (inFlight.length < pool.size + 2) {
        const following = blocks[next];
        if (!following) break;
        if (inFlight.length > 0 && bytesInFlight + following.bytes > BYTES_IN_FLIGHT) break;
        next++;
        bytesInFlight += following.bytes;
        const started = start(following);
        // It is awaited in its turn; until then a failure must not count as unhandled.
        started.catch(() => undefined);
        inFlight.push(started);
      }
      const result = await (inFlight[0] as Promise<BlockResult>);
      void inFlight.shift();
      bytesInFlight -= block.bytes;
      signal?.throwIfAborted();
      refuseNonFinite(block, result);
      const { parameter } = block;
      if (result.overflows > 0)
        overflows.set(block.source.name, (overflows.get(block.source.name) ?? 0) + result.overflows);
      await writers.append(parameter.weight, result.weight);
      // They come behind all codes of the parameter.
      if (result.scale) scales.push(result.scale.slice());
      if (result.weight.buffer.byteLength === BLOCK_BYTES) spare.push(result.weight.buffer);
      if (block.last && parameter.scale !== undefined) {
        for (const bytes of scales) await writers.append(parameter.scale, bytes);
        scales = [];
      }
      readBytes += block.bytes;
      onProgress?.({
        readBytes,
        totalBytes,
        shards: writers.finished.size,
        totalShards,
        parameter: parameter.name,
      });
    }
  } finally {
    await Promise.allSettled(inFlight);
  }
  for (const [tensor, count] of overflows) {
    onWarning?.({ says: 'overflow', tensor, count, format: model });
  }
}

function refuseNonFinite({ source, first, columns }: RowBlock, { nonFinite }: BlockResult): void {
  if (nonFinite < 0) return;
  throw new ConversionError('non-finite', {
    file: source.file.name,
    tensor: source.name,
    reason:
      source.shape.length > 1
        ? {
            says: 'non-finite-cell',
            row: first + Math.floor(nonFinite / columns),
            column: nonFinite % columns,
          }
        : { says: 'non-finite-element', element: nonFinite },
    next: 'download-or-ask',
  });
}
