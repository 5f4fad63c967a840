import type { SourceFile } from './source.ts';

/** The number formats that a LLaMA checkpoint's weights may have. */
export type FloatDtype = 'F16' | 'BF16' | 'F32';

/** Bytes for one element of each format that a checkpoint may name; weights must be one of the floats above. */
export const DTYPE_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

export function isFloatDtype(dtype: string): dtype is FloatDtype {
  return dtype === 'F16' || dtype === 'BF16' || dtype === 'F32';
}

/** Where one tensor's elements lie. Little-endian. */
export interface TensorEntry {
  readonly name: string;
  /** A key of DTYPE_BYTES. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: SourceFile;
  /** Byte in the file of the element with all indices 0. */
  readonly offset: number;
  /** Elements between neighbours along each axis; absent for C order, one row after the other. */
  readonly strides?: readonly number[];
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes read at once for a tensor whose rows don't lie one after the other. */
const GATHER_BYTES = 8 * 2 ** 20;

/**
 * Reads rows [first, first + count) of a one- or two-dimensional tensor, in C order.
 * A one-dimensional tensor is one row.
 * @param into memory that the caller gives away, used where it is large enough
 * @returns an array of count · columns · element-size bytes, at the start of a buffer that is the caller's alone
 */
export async function readRows(
  tensor: TensorEntry,
  first: number,
  count: number,
  signal?: AbortSignal,
  into?: ArrayBuffer,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = DTYPE_BYTES[tensor.dtype] ?? 0;
  const columns = tensor.shape.at(-1) ?? 1;
  if (!tensor.strides) {
    return tensor.file.read(tensor.offset + first * columns * bytes, count * columns * bytes, signal, into);
  }
  const columnStride = tensor.strides.at(-1) ?? 1;
  const rowStride = tensor.shape.length > 1 ? (tensor.strides[0] ?? 0) : 0;
  return gather(tensor, { first, count, columns, rowStride, columnStride, bytes }, signal);
}

interface Grid {
  first: number;
  count: number;
  columns: number;
  /** Elements. */
  rowStride: number;
  /** Elements. */
  columnStride: number;
  bytes: number;
}

/** Walks the stretch of the file that holds the rows in pieces, and picks the elements out of each piece. */
async function gather(
  tensor: TensorEntry,
  grid: Grid,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { first, count, columns, rowStride, columnStride, bytes } = grid;
  const out = new Uint8Array(count * columns * bytes);
  let spare: ArrayBuffer | undefined;
  if (out.length === 0) return out;
  const start = first * rowStride;
  const end = (first + count - 1) * rowStride + (columns - 1) * columnStride + 1;
  // The axis with the larger stride is the outer loop: then the elements come in the file's order.
  const [outerSize, outerStride, innerSize, innerStride] =
    rowStride >= columnStride
      ? [count, rowStride, columns, columnStride]
      : [columns, columnStride, count, rowStride];
  const pieceElements = Math.floor(GATHER_BYTES / bytes);
  for (let from = start; from < end; from += pieceElements) {
    const to = Math.min(end, from + pieceElements);
    const piece = await tensor.file.read(tensor.offset + from * bytes, (to - from) * bytes, signal, spare);
    spare = piece.buffer;
    for (let outer = 0; outer < outerSize; outer++) {
      const base = start + outer * outerStride - from;
      if (base >= to - from) break;
      if (base + (innerSize - 1) * innerStride < 0) continue;
      for (
        let inner = Math.max(0, innerStride > 0 ? Math.ceil(-base / innerStride) : 0);
        inner < innerSize;
        inner++
      ) {
        const at = base + inner * innerStride;
        if (at >= to - from) break;
        if (at < 0) continue;
        const [row, column] = rowStride >= columnStride ? [outer, inner] : [inner, outer];
        const target = (row * columns + column) * bytes;
        for (let byte = 0; byte < bytes; byte++) out[target + byte] = piece[at * bytes + byte] as number;
      }
    }
  }
  return out;
}
