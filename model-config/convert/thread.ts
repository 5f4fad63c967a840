import { parentPort } from 'node:worker_threads';
import { convertBlock, type Block } from '../../src/weights/convert/block.ts';

/** One thread of the pool: a block in, its result out, without copying either. */
parentPort?.on('message', (block: Block) => {
  const result = convertBlock(block);
  parentPort?.postMessage(result, result.scale ? [result.weight, result.scale] : [result.weight]);
});
