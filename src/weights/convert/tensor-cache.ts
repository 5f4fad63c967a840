import type { Shard } from './shards.ts';

/** One tensor of the build. */
export interface OutputTensor {
  name: string;
  shape: readonly number[];
  dtype: 'uint32' | 'float16' | 'float32';
  /** Bytes in the shard, where float32 is stored as bf16. */
  nbytes: number;
}

interface Metadata {
  tensors: readonly OutputTensor[];
  /** Elements of the source tensors. */
  elementsRead: number;
}

/** A whole number that Python holds as float prints with ".0"; below 10^16 the rest is printed alike. */
function pythonFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/**
 * tensor-cache.json, byte for byte as MLC's Python writes it (json.dump with indent=4).
 * @param md5 of each shard, hexadecimal
 * @param encoding `f32-to-bf16` for tensor-cache.json; `raw` for tensor-cache-b16.json, which names float32 tensors by
 * what the shard really holds
 */
export function writeTensorCache(
  { tensors, elementsRead }: Metadata,
  shards: readonly Shard[],
  md5: ReadonlyMap<string, string>,
  encoding: 'f32-to-bf16' | 'raw',
): string {
  const parameterBytes = tensors.reduce(
    (sum, { dtype, nbytes }) => sum + (dtype === 'float32' ? 2 * nbytes : nbytes),
    0,
  );
  const records = shards.map((shard) => ({
    dataPath: shard.name,
    format: 'raw-shard',
    nbytes: shard.nbytes,
    records: shard.records.map(({ tensor, byteOffset, nbytes }) => {
      const { name, shape, dtype } = tensors[tensor] as OutputTensor;
      const asStored = encoding === 'raw' && dtype === 'float32';
      return {
        name,
        shape,
        dtype: asStored ? 'bfloat16' : dtype,
        format: asStored ? 'raw' : 'f32-to-bf16',
        nbytes,
        byteOffset,
      };
    }),
    md5sum: md5.get(shard.name),
  }));
  const metadata = [
    `        "ParamSize": ${tensors.length}`,
    `        "ParamBytes": ${pythonFloat(parameterBytes)}`,
    `        "BitsPerParam": ${pythonFloat((parameterBytes * 8) / elementsRead)}`,
  ];
  const body = JSON.stringify({ records }, null, 4).slice(1);
  return `{\n    "metadata": {\n${metadata.join(',\n')}\n    },${body}`;
}
