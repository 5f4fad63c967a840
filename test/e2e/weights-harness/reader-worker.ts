import { installModelCache } from '../../../src/weights/model-cache.ts';
import { BuildStore } from '../../../src/weights/store.ts';

/** Reads addresses the way the engine does, through `caches`, and answers with the SHA-256 of each, or null. */
installModelCache(new BuildStore());

self.onmessage = async ({ data }: MessageEvent<string[]>) => {
  const cache = await caches.open('webllm/model');
  const keys = (await cache.keys()).map(({ url }) => url);
  const digests: Record<string, string | null> = {};
  for (const url of data) {
    const response = await cache.match(new Request(url));
    if (!response) {
      digests[url] = null;
      continue;
    }
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await response.arrayBuffer()));
    digests[url] = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  const missing = await cache.add(new Request('https://weights.invalid/none/resolve/none/none.bin')).then(
    () => 'added',
    (error: unknown) => String(error),
  );
  self.postMessage({ keys, digests, missing });
};
