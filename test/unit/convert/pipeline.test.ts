import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { conversionEn } from '../../../src/domain/texts/conversion.en.ts';
import { write } from '../../../src/domain/texts/told.ts';
import type { FloatDtype } from '../../../src/weights/checkpoint/tensor.ts';
import { startThreads } from '../../../model-config/convert/threads.ts';
import { convert, type ConversionHooks } from '../../../src/weights/convert/convert.ts';
import { encodeBf16, roundHalfToEven, roundToF16, toF16Bits } from '../../../src/weights/convert/float.ts';
import type { ConversionOptions } from '../../../src/weights/convert/plan.ts';
import { QUANTISATIONS, type Quantisation } from '../../../src/weights/convert/quantisation.ts';
import { inlinePool } from './inline-pool.ts';
import { MemorySink } from './memory-sink.ts';
import { CONFIG, source, tensorFile, tinyCheckpoint, tinyTensors, type Tensors } from './tiny-checkpoint.ts';

interface Cache {
  metadata: { ParamSize: number; ParamBytes: number; BitsPerParam: number };
  records: {
    dataPath: string;
    nbytes: number;
    md5sum: string;
    records: { name: string; shape: number[]; dtype: string; nbytes: number; byteOffset: number }[];
  }[];
}

async function run(
  checkpoint: ReturnType<typeof source>,
  options: ConversionOptions,
  hooks: Partial<ConversionHooks> = {},
): Promise<{ sink: MemorySink; warnings: string[] }> {
  const sink = new MemorySink();
  const warnings: string[] = [];
  await convert(checkpoint, sink, options, {
    pool: inlinePool,
    onWarning: (warning) => warnings.push(write(conversionEn.warnings, warning)),
    ...hooks,
  });
  expect(sink.finished).toBe(true);
  return { sink, warnings };
}

/** Bytes of each output tensor, found through tensor-cache.json, whose sums are checked on the way. */
function outputs(sink: MemorySink): Map<string, { shape: number[]; dtype: string; bytes: Uint8Array }> {
  const found = new Map<string, { shape: number[]; dtype: string; bytes: Uint8Array }>();
  for (const { dataPath, nbytes, md5sum, records } of (sink.json('tensor-cache.json') as Cache).records) {
    const shard = sink.files.get(dataPath) as Uint8Array;
    expect(shard.length).toBe(nbytes);
    expect(createHash('md5').update(shard).digest('hex')).toBe(md5sum);
    for (const { name, shape, dtype, nbytes: length, byteOffset } of records) {
      found.set(name, { shape, dtype, bytes: shard.slice(byteOffset, byteOffset + length) });
    }
  }
  return found;
}

/** What the specification says of one parameter, written down plainly. */
function specified(rows: number[][], quantisation: Quantisation): { weight: Uint8Array; scale?: Uint8Array } {
  const { model, bits } = QUANTISATIONS[quantisation];
  const round = model === 'float16' ? roundToF16 : Math.fround;
  const store = (values: number[]): Uint8Array =>
    new Uint8Array(
      (model === 'float16'
        ? Uint16Array.from(values, toF16Bits)
        : Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), encodeBf16)
      ).buffer,
    );
  const cast = rows.map((row) => row.map(round));
  if (bits === 0) return { weight: store(cast.flat()) };
  const words: number[] = [];
  const scales: number[] = [];
  for (const row of cast) {
    for (let at = 0; at < row.length; at += 32) {
      const group = row.slice(at, at + 32);
      const scale = round(Math.max(...group.map(Math.abs)) / 7);
      scales.push(scale);
      for (let word = 0; word < 4; word++) {
        let packed = 0;
        group.slice(8 * word, 8 * word + 8).forEach((w, i) => {
          const code = Math.min(14, Math.max(0, roundHalfToEven(round(round(w / scale) + 7))));
          packed += code * 16 ** i;
        });
        words.push(packed);
      }
    }
  }
  return { weight: new Uint8Array(Uint32Array.from(words).buffer), scale: store(scales) };
}

function rowsOf(tensors: Tensors, ...names: string[]): number[][] {
  return names.flatMap((name) => {
    const { shape, values } = tensors[name] as Tensors[string];
    const columns = shape.at(-1) as number;
    return Array.from({ length: values.length / columns }, (_, row) =>
      values.slice(row * columns, (row + 1) * columns),
    );
  });
}

function expectSpecified(sink: MemorySink, tensors: Tensors, quantisation: Quantisation): void {
  const found = outputs(sink);
  const prefix = 'model.layers.1';
  const parameters: Record<string, string[]> = {
    'model.embed_tokens': ['model.embed_tokens.weight'],
    [`${prefix}.self_attn.qkv_proj`]: ['q', 'k', 'v'].map(
      (part) => `${prefix}.self_attn.${part}_proj.weight`,
    ),
    [`${prefix}.self_attn.o_proj`]: [`${prefix}.self_attn.o_proj.weight`],
    [`${prefix}.mlp.gate_up_proj`]: ['gate', 'up'].map((part) => `${prefix}.mlp.${part}_proj.weight`),
    [`${prefix}.mlp.down_proj`]: [`${prefix}.mlp.down_proj.weight`],
  };
  const names = QUANTISATIONS[quantisation].bits === 4 ? ['.q_weight', '.q_scale'] : ['.weight'];
  for (const [name, sources] of Object.entries(parameters)) {
    const rows = rowsOf(tensors, ...sources);
    const { weight, scale } = specified(rows, quantisation);
    expect(found.get(`${name}${names[0]}`)?.shape[0], name).toBe(rows.length);
    expect(found.get(`${name}${names[0]}`)?.bytes, name).toEqual(weight);
    if (scale) expect(found.get(`${name}.q_scale`)?.bytes, name).toEqual(scale);
  }
  const norm = specified(
    rowsOf(tensors, 'model.norm.weight'),
    QUANTISATIONS[quantisation].model === 'float16' ? 'q0f16' : 'q0f32',
  );
  expect(found.get('model.norm.weight')?.bytes).toEqual(norm.weight);
}

const ALL = Object.keys(QUANTISATIONS) as Quantisation[];

describe.each(ALL)('%s', (quantisation) => {
  test.each(['F16', 'BF16', 'F32'] as const)(
    'grouped-query attention and rows of 40 and 48 from %s',
    async (dtype) => {
      const tensors = tinyTensors({ dtypeOf: () => dtype });
      const { sink } = await run(tinyCheckpoint({ tensors }), { quantisation });
      expectSpecified(sink, tensors, quantisation);
    },
  );

  test('tied embeddings have no lm_head, and one in the checkpoint is left out', async () => {
    const tensors = tinyTensors();
    const { sink, warnings } = await run(tinyCheckpoint({ config: { tie_word_embeddings: true }, tensors }), {
      quantisation,
    });
    expect([...outputs(sink).keys()].filter((name) => name.startsWith('lm_head'))).toEqual([]);
    expect(warnings.join('\n')).toContain('lm_head.weight');
    expectSpecified(sink, tensors, quantisation);
  });

  test('number formats may differ between and within parameters', async () => {
    const mixed = (name: string): FloatDtype =>
      name.includes('.q_proj') || name.includes('.up_proj') ? 'F32' : name.includes('norm') ? 'BF16' : 'F16';
    const tensors = tinyTensors({ dtypeOf: mixed });
    const { sink } = await run(tinyCheckpoint({ tensors }), { quantisation });
    expectSpecified(sink, tensors, quantisation);
  });
});

test('parameters come in the order of the data, not of the names', async () => {
  const tensors = Object.fromEntries(Object.entries(tinyTensors()).reverse());
  const { sink } = await run(tinyCheckpoint({ tensors }), { quantisation: 'q4f16_1' });
  const names = [...outputs(sink).keys()];
  expect(names.slice(0, 3)).toEqual([
    'model.norm.weight',
    'model.layers.1.self_attn.qkv_proj.q_weight',
    'model.layers.1.self_attn.qkv_proj.q_scale',
  ]);
  expect(names.at(-1)).toBe('lm_head.q_scale');
});

test('the figures in tensor-cache.json: unknown tensors count as read, the rotary table does not', async () => {
  const tensors = {
    ...tinyTensors(),
    'model.layers.0.self_attn.rotary_emb.inv_freq': {
      dtype: 'F32',
      shape: [8],
      values: [1, 2, 3, 4, 5, 6, 7, 8],
    },
    'something.else': { dtype: 'F32', shape: [100], values: Array<number>(100).fill(1) },
  } satisfies Tensors;
  const { sink, warnings } = await run(tinyCheckpoint({ tensors }), { quantisation: 'q0f32' });
  const { metadata } = sink.json('tensor-cache.json') as Cache;
  const elements = Object.values(tinyTensors()).reduce((sum, { values }) => sum + values.length, 0);
  expect(metadata).toEqual({
    ParamSize: 15,
    ParamBytes: 4 * elements,
    BitsPerParam: (32 * elements) / (elements + 100),
  });
  expect(warnings.join('\n')).toContain('something.else');
  expect(warnings.join('\n')).not.toContain('inv_freq');
});

test('rows beyond LLaMA-2’s vocabulary are cut, said aloud', async () => {
  const tensors = tinyTensors({ vocabulary: 32001, dtypeOf: () => 'F16' });
  const tokenizer = {
    added_tokens: [
      { id: 0, content: '<unk>' },
      { id: 32000, content: '[PAD]' },
    ],
    model: { type: 'BPE', vocab: { '<unk>': 0, a: 1 }, merges: [] },
  };
  const { sink, warnings } = await run(
    tinyCheckpoint({ config: { vocab_size: 32001 }, tensors, files: { 'tokenizer.json': tokenizer } }),
    { quantisation: 'q4f16_1' },
  );
  const found = outputs(sink);
  expect(found.get('model.embed_tokens.q_weight')?.shape).toEqual([32000, 8]);
  expect(found.get('lm_head.q_scale')?.shape).toEqual([32000, 2]);
  expect(sink.json('mlc-chat-config.json')).toMatchObject({
    vocab_size: 32000,
    active_vocab_size: 2,
    model_config: { vocab_size: 32000 },
  });
  expect(sink.json('tokenizer.json')).toMatchObject({ added_tokens: [{ id: 0 }] });
  expect(warnings.join('\n')).toMatch(/32001 tokens is cut to 32000[^]*\[PAD\]/);
  const kept = await run(tinyCheckpoint({ config: { vocab_size: 32001 }, tensors }), {
    quantisation: 'q4f16_1',
    vocabSize: 32001,
  });
  expect(outputs(kept.sink).get('model.embed_tokens.q_weight')?.shape).toEqual([32001, 8]);
});

test('the rotary base is found where newer versions write it, and no scaling is none', async () => {
  const llama3 = { rope_type: 'llama3', factor: 8 };
  for (const [config, base, scaling] of [
    [{}, 10000, null],
    [{ rope_theta: 500 }, 500, null],
    [{ rope_parameters: { rope_theta: 500, rope_type: 'default' } }, 500, null],
    [{ rope_parameters: { rope_theta: 500, ...llama3 } }, 500, llama3],
    [{ rope_theta: 500, rope_scaling: llama3 }, 500, llama3],
    [{ rope_scaling: { rope_type: 'default' } }, 10000, null],
    [{ rope_scaling: { type: 'linear', factor: 2 } }, 10000, null],
  ] as const) {
    const { sink } = await run(tinyCheckpoint({ config }), { quantisation: 'q0f16' });
    expect(sink.json('mlc-chat-config.json')).toMatchObject({
      model_config: { position_embedding_base: base, rope_scaling: scaling },
    });
  }
});

test('tensors of many blocks, whose memory is used again and again in threads', async () => {
  const vocabulary = 60_000;
  const tensors = tinyTensors({ vocabulary, tied: true });
  const pool = startThreads(2);
  try {
    const { sink } = await run(
      tinyCheckpoint({ config: { vocab_size: vocabulary, tie_word_embeddings: true }, tensors }),
      { quantisation: 'q4f16_1', shardCap: 100_000 },
      { pool },
    );
    expectSpecified(sink, tensors, 'q4f16_1');
  } finally {
    await pool.close();
  }
});

test('sharded checkpoints come in the order of their index', async () => {
  const all = Object.entries(tinyTensors());
  const first = Object.fromEntries(all.filter((_, i) => i % 2 === 0));
  const second = Object.fromEntries(all.filter((_, i) => i % 2 === 1));
  const { sink } = await run(
    source({
      'config.json': CONFIG,
      'one.safetensors': tensorFile(first),
      'two.safetensors': tensorFile(second),
      'model.safetensors.index.json': {
        weight_map: Object.fromEntries(
          all.map(([name], i) => [name, i % 2 === 0 ? 'one.safetensors' : 'two.safetensors']),
        ),
      },
    }),
    { quantisation: 'q4f32_1' },
  );
  expectSpecified(sink, tinyTensors(), 'q4f32_1');
});

test('an interrupted conversion goes on where it stood and gives the same bytes', async () => {
  const options = { quantisation: 'q4f32_1', shardCap: 700 } as const;
  const { sink: wanted } = await run(tinyCheckpoint(), options);
  for (const stopAt of [2, 4, 9, 15]) {
    const sink = new MemorySink();
    const stop = new AbortController();
    let seen = 0;
    const interrupted = convert(tinyCheckpoint(), sink, options, {
      pool: inlinePool,
      signal: stop.signal,
      onProgress: () => {
        if (++seen === stopAt) stop.abort(new Error('stopped by the test'));
      },
    });
    await expect(interrupted).rejects.toThrow('stopped by the test');
    expect(sink.finished).toBe(false);
    const before = new Map(sink.files);
    const summary = await convert(tinyCheckpoint(), sink, options, { pool: inlinePool });
    expect(summary.resumedShards).toBe(before.size);
    expect(before.size, `after ${stopAt} blocks`).toBeGreaterThan(0);
    expect(sink.files).toEqual(wanted.files);
    for (const [name, bytes] of before) expect(sink.files.get(name), name).toBe(bytes);
  }
});

test('progress counts up to all bytes and all shards', async () => {
  const seen: { readBytes: number; totalBytes: number; shards: number; totalShards: number }[] = [];
  await run(
    tinyCheckpoint(),
    { quantisation: 'q4f16_1', shardCap: 700 },
    { onProgress: (progress) => seen.push(progress) },
  );
  expect(seen.map(({ readBytes }) => readBytes)).toEqual(
    seen.map(({ readBytes }) => readBytes).toSorted((a, b) => a - b),
  );
  const last = seen.at(-1);
  expect(last?.readBytes).toBe(last?.totalBytes);
  expect(last?.shards).toBe(last?.totalShards);
});
