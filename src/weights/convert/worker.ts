import { openChosenFiles } from '../checkpoint/blob-source.ts';
import { openHubCheckpoint } from '../checkpoint/hub-source.ts';
import type { Source } from '../checkpoint/source.ts';
import { withConversionSink } from '../conversion-sink.ts';
import { BuildStore } from '../store.ts';
import type { BlockResult } from './block.ts';
import { ThreadPool, type BlockThread } from './block-pool.ts';
import { convert, type ConversionSummary } from './convert.ts';
import { copyBuild, isBuild } from './copy-build.ts';
import { tokenizerAt } from './llama2-tokenizer.ts';
import {
  describeFailure,
  type ConversionJob,
  type ConversionReply,
  type ConversionRequest,
  type WeightOrigin,
} from './protocol.ts';

/** A phone's eight small cores gain nothing beyond this, and each thread holds two blocks. */
const MOST_THREADS = 4;

/** Progress goes to the page this often at most, in milliseconds. */
const PROGRESS_INTERVAL = 100;

function startThread(): BlockThread {
  const worker = new Worker(new URL('./block-worker.ts', import.meta.url), { type: 'module' });
  return {
    post: (block) => {
      worker.postMessage(block, [block.bytes]);
    },
    onAnswer(listener) {
      worker.onmessage = ({ data }: MessageEvent<BlockResult>) => {
        listener(data);
      };
      worker.onerror = ({ message }) => {
        listener(new Error(`A thread of the conversion failed: ${message || 'it could not be started'}.`));
      };
    },
    end: () => {
      worker.terminate();
      return Promise.resolve();
    },
  };
}

function open(from: WeightOrigin, signal: AbortSignal): Promise<Source> {
  return from.kind === 'hub'
    ? openHubCheckpoint(from.repository, from.hub, signal)
    : Promise.resolve(openChosenFiles(from.files));
}

async function run(job: ConversionJob, signal: AbortSignal): Promise<ConversionSummary> {
  const { from, build, options, tokenizer } = job;
  const source = await open(from, signal);
  let reported = 0;
  const report = (reply: ConversionReply & { kind: 'progress' }): void => {
    const { readBytes, totalBytes } = reply.progress;
    const now = performance.now();
    if (now - reported < PROGRESS_INTERVAL && readBytes < totalBytes) return;
    reported = now;
    post(reply);
  };
  return withConversionSink(new BuildStore(), build, signal, async (sink) => {
    if (isBuild(source)) {
      return copyBuild(source, sink, {
        signal,
        onProgress: (readBytes, totalBytes) => {
          report({
            kind: 'progress',
            progress: { readBytes, totalBytes, shards: 0, totalShards: 0, parameter: '' },
          });
        },
      });
    }
    const count = Math.min(MOST_THREADS, navigator.hardwareConcurrency);
    const pool = new ThreadPool(Array.from({ length: count }, startThread));
    try {
      return await convert(source, sink, options, {
        pool,
        signal,
        requireTokenizer: true,
        fallbackTokenizer: tokenizer === undefined ? undefined : tokenizerAt(tokenizer),
        onProgress: (progress) => {
          report({ kind: 'progress', progress });
        },
        onWarning: (warning) => {
          post({ kind: 'warning', warning });
        },
      });
    } finally {
      await pool.close();
    }
  });
}

function post(reply: ConversionReply): void {
  self.postMessage(reply);
}

const stop = new AbortController();

self.onmessage = ({ data }: MessageEvent<ConversionRequest>) => {
  if (data.kind === 'stop') {
    stop.abort(new DOMException('The conversion was stopped. Finished shards are kept.', 'AbortError'));
    return;
  }
  run(data.job, stop.signal).then(
    (summary) => {
      post({ kind: 'done', summary });
    },
    (error: unknown) => {
      post({ kind: 'failed', failure: describeFailure(error) });
    },
  );
};
