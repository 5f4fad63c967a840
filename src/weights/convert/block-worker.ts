import { convertBlock, type Block } from './block.ts';

/** One thread of the browser's pool: a block in, its result out, without copying either. */
self.onmessage = ({ data }: MessageEvent<Block>) => {
  const result = convertBlock(data);
  // The spent block goes back to where it was made: garbage is collected per thread and late, so that spent blocks
  // would pile up here, in a thread that makes no other garbage.
  const message = { ...result, spent: data.bytes };
  self.postMessage(message, {
    transfer: result.scale ? [result.weight, result.scale, data.bytes] : [result.weight, data.bytes],
  });
};
