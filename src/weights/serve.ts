import { storageError } from './errors.ts';
import { fetchSmall } from './fetch-small.ts';
import { PATIENCE, type Patience } from './http.ts';
import { WeightJobs } from './jobs.ts';
import type { Ask, Failure, Reply, Request, Results } from './protocol.ts';
import { measureRoom } from './room.ts';
import { BuildStore } from './store.ts';

/** The two members of a dedicated worker's global scope that the weight store uses. */
interface WorkerScope {
  postMessage(message: Reply): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
}

/** Serves the weights protocol on a worker's global scope. */
export function serveWeights(scope: WorkerScope, patience: Patience = PATIENCE): void {
  const post = (reply: Reply) => {
    scope.postMessage(reply);
  };
  const jobs = new WeightJobs(new BuildStore(), patience, (event) => {
    post({ kind: 'event', event });
  });
  // Leftovers cost only room, so a failure to delete them now is no news for the person.
  jobs.tidy().catch((error: unknown) => {
    console.warn('Older model versions could not be deleted:', error);
  });
  scope.onmessage = ({ data }: MessageEvent<Request>) => {
    answer(jobs, patience, data).then(
      (result) => {
        post({ kind: 'done', call: data.call, result });
      },
      (error: unknown) => {
        post({ kind: 'failed', call: data.call, error: failure(error) });
      },
    );
  };
}

async function answer(jobs: WeightJobs, patience: Patience, ask: Ask): Promise<Results[Ask['kind']]> {
  switch (ask.kind) {
    case 'inspect':
      return jobs.inspect(ask.source);
    case 'acquire':
      return jobs.acquire(ask.source);
    case 'check':
      return jobs.check(ask.source);
    case 'remove':
      return jobs.remove(ask.id);
    case 'discard':
      return jobs.discard(ask.id);
    case 'stop':
      return jobs.stop(ask.id);
    case 'room':
      return measureRoom();
    case 'read': {
      const { signal } = new AbortController();
      const { url, content } = await fetchSmall(ask.urls, ask.file, { signal, patience });
      return { url, text: new TextDecoder().decode(content) };
    }
  }
}

function failure(error: unknown): Failure {
  // Whatever is not an error of ours comes out of IndexedDB or a bug; its message is kept either way.
  const { code, told } = storageError(error);
  return { code, told };
}
