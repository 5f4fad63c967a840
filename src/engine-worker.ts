import { serveEngine } from './engine/worker.ts';
import { installModelCache } from './weights/model-cache.ts';
import { BuildStore } from './weights/store.ts';

// The worker's composition root: the engine reads its files from the weight store and nowhere else.
installModelCache(new BuildStore());
serveEngine(self);
