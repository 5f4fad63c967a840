import { convertBlock, type Block } from './block.ts';

/** One thread of the browser's pool: a block in, its result out, without copying either. */
self.onmessage = ({ data }: MessageEvent<Block>) => {
  const result = convertBlock(data);
  self.postMessage(result, { transfer: [result.weight.buffer] });
};
