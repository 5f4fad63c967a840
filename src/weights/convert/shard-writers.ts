import { createMD5, type IHasher } from 'hash-wasm';
import type { Shard, ShardRecord } from './shards.ts';
import type { BuildSink, FileWriter } from './sink.ts';

interface OpenShard {
  shard: Shard;
  file: FileWriter;
  hash: IHasher;
  written: number;
}

/** Appends tensors to their shards in order, and commits each shard when its last byte is there. */
export class ShardWriters {
  readonly #sink: BuildSink;
  readonly #places: ReadonlyMap<number, { shard: Shard; record: ShardRecord }>;
  readonly #open = new Map<string, OpenShard>();
  readonly #md5: Map<string, string>;

  /** @param whole MD5 of the shards that need not be written again */
  constructor(sink: BuildSink, shards: readonly Shard[], whole: ReadonlyMap<string, string>) {
    this.#sink = sink;
    this.#places = new Map(
      shards.flatMap((shard) => shard.records.map((record) => [record.tensor, { shard, record }] as const)),
    );
    const names = new Set(shards.map((shard) => shard.name));
    this.#md5 = new Map([...whole].filter(([name]) => names.has(name)));
  }

  /** MD5 of each shard that is whole. */
  get finished(): ReadonlyMap<string, string> {
    return this.#md5;
  }

  /** Whether this tensor's shard is whole already. */
  has(tensor: number): boolean {
    return this.#md5.has(this.#place(tensor).shard.name);
  }

  /** Appends the next bytes of a tensor, or drops them where its shard was whole from the start. */
  async append(tensor: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { shard } = this.#place(tensor);
    if (this.#md5.has(shard.name)) return;
    let open = this.#open.get(shard.name);
    if (!open) {
      open = {
        shard,
        file: await this.#sink.create(shard.name),
        hash: (await createMD5()).init(),
        written: 0,
      };
      this.#open.set(shard.name, open);
    }
    open.hash.update(bytes);
    open.written += bytes.length;
    await open.file.write(bytes);
    if (open.written === shard.nbytes) {
      const md5 = open.hash.digest('hex');
      this.#open.delete(shard.name);
      await open.file.commit(md5);
      this.#md5.set(shard.name, md5);
    }
  }

  /** Gives up the shards that are not whole. */
  async abort(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(({ file }) => file.abort()));
  }

  #place(tensor: number): { shard: Shard; record: ShardRecord } {
    const place = this.#places.get(tensor);
    if (!place) throw new Error(`Output tensor ${tensor} is in no shard`);
    return place;
  }
}
