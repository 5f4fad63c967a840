import { MLCEngine, type AppConfig } from '@mlc-ai/web-llm';
import { installModelCache } from '../../../src/weights/model-cache.ts';
import { BuildStore } from '../../../src/weights/store.ts';

/** `ours` is WebLLM's "cache" on top of the weight store. */
export type Backend = 'cache' | 'indexeddb' | 'opfs' | 'ours';

export interface LoadRequest {
  readonly backend: Backend;
  readonly model: string;
  readonly library: string;
}

/** Milliseconds since the time origin of the worker's page. */
export interface Loaded {
  /** When the first shard was on the GPU: until then, a first visit downloads. */
  readonly firstShard: number;
  readonly lastShard: number;
}

self.onmessage = async ({ data }: MessageEvent<LoadRequest>) => {
  const { backend, model, library } = data;
  if (backend === 'ours') installModelCache(new BuildStore());
  const appConfig: AppConfig = {
    model_list: [{ model_id: 'bench', model, model_lib: library }],
    cacheBackend: backend === 'ours' ? 'cache' : backend,
  };
  let firstShard = 0;
  let lastShard = 0;
  const engine = new MLCEngine({
    appConfig,
    logLevel: 'ERROR',
    initProgressCallback: ({ text }) => {
      const [, loaded, all] = /^Loading model from cache\[(\d+)\/(\d+)\]/.exec(text) ?? [];
      if (loaded === '1') firstShard = performance.timeOrigin + performance.now();
      if (loaded !== undefined && loaded === all) lastShard = performance.timeOrigin + performance.now();
    },
  });
  // The library is another model's, so the engine refuses once every shard is on the GPU; what was measured is before.
  const ended = await engine.reload('bench').then(
    () => 'no error',
    (error: unknown) => String(error),
  );
  self.postMessage(lastShard > 0 ? { firstShard, lastShard } : { failed: ended });
};
