import { convertBlock, type BlockResult } from '../../../src/weights/convert/block.ts';
import type { BlockPool } from '../../../src/weights/convert/block-pool.ts';

/** Converts in the calling thread: small checkpoints are done before a thread has started. */
export const inlinePool: BlockPool = {
  size: 1,
  run: (block): Promise<BlockResult> => Promise.resolve(convertBlock(block)),
  close: () => Promise.resolve(),
};
