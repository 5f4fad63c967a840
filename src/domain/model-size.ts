import type { Architecture, Quantization } from './models.ts';

/** Bytes that one number of the model's float format takes on the GPU. */
const FLOAT_BYTES = { q4f16_1: 2, q4f32_1: 4, q0f16: 2, q0f32: 4 } as const satisfies Record<
  Quantization,
  number
>;

/** Four-bit codes share one scale in groups of so many along a row. */
const GROUP = 32;

/** Tokens of one page of the engine's cache. */
const CACHE_PAGE = 16;

/** Tokens that WebLLM's libraries read at a time ("cs1k" in their names). */
const PREFILL_CHUNK = 1024;

/** Shapes [rows, columns] of all matrices, as MLC joins them, and how many numbers the norms have. */
function tensorsOf({ layers, hidden, intermediate, heads, keyValueHeads, vocabulary }: Architecture): {
  matrices: [rows: number, columns: number, count: number][];
  norms: number;
} {
  const head = hidden / heads;
  return {
    matrices: [
      // The embedding and the output head.
      [vocabulary, hidden, 2],
      [(heads + 2 * keyValueHeads) * head, hidden, layers],
      [hidden, heads * head, layers],
      [2 * intermediate, hidden, layers],
      [hidden, intermediate, layers],
    ],
    norms: (2 * layers + 1) * hidden,
  };
}

function isFourBit(quantization: Quantization): boolean {
  return quantization.startsWith('q4');
}

/** Bytes of a matrix's codes and scales, or of its floats, where a float takes `floatBytes`. */
function matrixBytes(rows: number, columns: number, quantization: Quantization, floatBytes: number): number {
  if (!isFourBit(quantization)) return rows * columns * floatBytes;
  const groups = Math.ceil(columns / GROUP);
  return rows * groups * (GROUP / 2 + floatBytes);
}

function weightBytes(architecture: Architecture, quantization: Quantization, floatBytes: number): number {
  const { matrices, norms } = tensorsOf(architecture);
  return matrices.reduce(
    (sum, [rows, columns, count]) => sum + count * matrixBytes(rows, columns, quantization, floatBytes),
    norms * floatBytes,
  );
}

/** Bytes of a build's weight files. MLC writes float32 numbers as bfloat16, so every float there takes two. */
export function buildBytes(architecture: Architecture, quantization: Quantization): number {
  return weightBytes(architecture, quantization, 2);
}

/** Bytes of the published checkpoint's weights, which have two for each number (float16 or bfloat16). */
export function checkpointBytes(architecture: Architecture): number {
  return weightBytes(architecture, 'q0f16', 2);
}

/** Bytes of one layer's keys and values for `contextWindow` tokens; the engine keeps one page more than they need. */
function cacheLayerBytes(
  { hidden, heads, keyValueHeads }: Architecture,
  floatBytes: number,
  contextWindow: number,
): number {
  const pages = Math.ceil(contextWindow / CACHE_PAGE) + 1;
  return pages * CACHE_PAGE * 2 * keyValueHeads * (hidden / heads) * floatBytes;
}

/** Bytes of GPU memory for the weights and the cache of `contextWindow` tokens. Working space comes on top. */
export function gpuBytes(
  architecture: Architecture,
  quantization: Quantization,
  contextWindow: number,
): number {
  const floatBytes = FLOAT_BYTES[quantization];
  return (
    weightBytes(architecture, quantization, floatBytes) +
    architecture.layers * cacheLayerBytes(architecture, floatBytes, contextWindow)
  );
}

/** Bytes of the largest single GPU buffer: a matrix's codes, one layer's cache, or the widest step of a prefill. */
export function largestBufferBytes(
  architecture: Architecture,
  quantization: Quantization,
  contextWindow: number,
): number {
  const floatBytes = FLOAT_BYTES[quantization];
  const perNumber = isFourBit(quantization) ? 0.5 : floatBytes;
  const matrices = tensorsOf(architecture).matrices.map(
    ([rows, columns]) => rows * Math.ceil(columns / GROUP) * GROUP * perNumber,
  );
  const widest = Math.min(PREFILL_CHUNK, contextWindow) * 2 * architecture.intermediate * floatBytes;
  return Math.max(...matrices, cacheLayerBytes(architecture, floatBytes, contextWindow), widest);
}
