// One thread of the pool: a block in, its result out, without copying either. A thread of Node starts from JavaScript;
// the conversion itself is TypeScript, which tsx makes it read.
import { parentPort } from 'node:worker_threads';
import { tsImport } from 'tsx/esm/api';

const { convertBlock } = await tsImport('../../src/weights/convert/block.ts', import.meta.url);

parentPort.on('message', (block) => {
  const result = convertBlock(block);
  parentPort.postMessage(result, [result.weight.buffer]);
});
