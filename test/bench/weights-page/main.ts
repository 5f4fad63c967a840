import { WeightClient } from '../../../src/weights/client.ts';
import type { EngineAddresses } from '../../../src/weights/protocol.ts';
import type { Loaded, LoadRequest } from './engine-worker.ts';
import { REPORT_PATH, SETTLED_MS, type Task, type Visit } from './visit.ts';

// As in the product, the weights worker starts with the page, the engine's after the download.
const client = new WeightClient(
  new Worker(new URL('../../../src/weights-worker.ts', import.meta.url), { type: 'module' }),
);

async function visit({ backend, source, downloadOnly }: Task): Promise<Visit> {
  const started = performance.timeOrigin + performance.now();
  let request: LoadRequest = { backend, model: source.weights ?? '', library: source.library };
  let downloaded: number | undefined;
  if (backend === 'ours') {
    if (downloadOnly) {
      await client.acquire(source);
      const seconds = (performance.timeOrigin + performance.now() - started) / 1000;
      return { started, downloaded: seconds, lastShard: seconds };
    }
    // As in the product, the engine starts when little is left of the download.
    const stored = (await client.inspect(source)).engine;
    const engine =
      stored ??
      (await new Promise<EngineAddresses>((resolve, reject) => {
        const ended = client.acquire(source, resolve).then(async () => {
          downloaded = performance.timeOrigin + performance.now();
          const { engine: whole } = await client.inspect(source);
          if (whole) resolve(whole);
        });
        ended.catch(reject);
      }));
    request = { backend, model: engine.model, library: engine.modelLib };
  }
  const worker = new Worker(new URL('./engine-worker.ts', import.meta.url), { type: 'module' });
  const loaded = await new Promise<Loaded>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Loaded | { failed: string }>) => {
      if ('failed' in data) reject(new Error(data.failed));
      else resolve(data);
    };
    worker.onerror = ({ message }) => {
      reject(new Error(message));
    };
    worker.postMessage(request);
  });
  return {
    started,
    downloaded: ((downloaded ?? loaded.firstShard) - started) / 1000,
    lastShard: (loaded.lastShard - started) / 1000,
  };
}

const task = JSON.parse(decodeURIComponent(location.hash.slice(1))) as Task;
setTimeout(() => {
  const failed = (error: unknown) => ({ failed: String(error) });
  void visit(task)
    .catch(failed)
    .then((answer) => fetch(REPORT_PATH + encodeURIComponent(JSON.stringify(answer))));
}, SETTLED_MS);
