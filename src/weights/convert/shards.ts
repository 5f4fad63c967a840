/** MLC's own limit for a shard, in bytes. */
export const DEFAULT_SHARD_CAP = 32 * 2 ** 20;

/** Where one tensor's bytes go. */
export interface ShardRecord {
  /** Position in the list of tensors. */
  tensor: number;
  /** Bytes from the shard's start. */
  byteOffset: number;
  nbytes: number;
}

export interface Shard {
  name: string;
  nbytes: number;
  records: ShardRecord[];
}

/**
 * MLC's rule (tvm.contrib.tvmjs, TensorCacheShardingManager): tensors gather in a pending shard until the next one
 * would fill it; one that alone takes half a shard or more is written by itself at once, before what is pending.
 * @param sizes bytes of each tensor, in order
 * @param cap bytes; a tensor larger than that is a shard of its own
 */
export function planShards(sizes: readonly number[], cap: number): Shard[] {
  const shards: Shard[] = [];
  let pending: ShardRecord[] = [];
  let pendingBytes = 0;
  const write = (records: ShardRecord[], nbytes: number): void => {
    shards.push({ name: `params_shard_${shards.length}.bin`, nbytes, records });
  };
  sizes.forEach((nbytes, tensor) => {
    if (pendingBytes + nbytes >= cap) {
      if (2 * nbytes >= cap) {
        write([{ tensor, byteOffset: 0, nbytes }], nbytes);
        return;
      }
      if (pending.length > 0) write(pending, pendingBytes);
      pending = [];
      pendingBytes = 0;
    }
    pending.push({ tensor, byteOffset: pendingBytes, nbytes });
    pendingBytes += nbytes;
  });
  if (pending.length > 0) write(pending, pendingBytes);
  return shards;
}
