import { conversionEn } from '../../../src/domain/texts/conversion.en.ts';
import { write } from '../../../src/domain/texts/told.ts';
import { blobFile, type ChosenFile } from '../../../src/weights/checkpoint/blob-source.ts';
import { runConversion } from '../../../src/weights/convert/client.ts';
import type { ConversionSummary } from '../../../src/weights/convert/convert.ts';
import type { WeightOrigin } from '../../../src/weights/convert/protocol.ts';
import type { Quantisation } from '../../../src/weights/convert/quantisation.ts';
import { makeTar } from '../../../src/weights/convert/tar.ts';
import { BuildStore } from '../../../src/weights/store.ts';

interface Outcome {
  summary?: ConversionSummary;
  error?: string;
  warnings: string[];
  /** Progress reports that came. */
  reports: number;
}

const store = new BuildStore();

const startWorker = (): Worker =>
  new Worker(new URL('../../../src/weights/convert/worker.ts', import.meta.url), { type: 'module' });

async function convert(
  from: WeightOrigin,
  id: string,
  quantisation: Quantisation,
  shardCap?: number,
  stopAfterShards = Infinity,
): Promise<Outcome> {
  const stop = new AbortController();
  const outcome: Outcome = { warnings: [], reports: 0 };
  try {
    outcome.summary = await runConversion(
      startWorker,
      {
        from,
        build: { id, library: `${location.origin}/library.wasm` },
        options: { quantisation, shardCap },
      },
      {
        signal: stop.signal,
        onProgress: ({ shards }) => {
          outcome.reports++;
          if (shards >= stopAfterShards) stop.abort(new Error('stopped by the test'));
        },
        onWarning: (warning) => outcome.warnings.push(write(conversionEn.warnings, warning)),
      },
    );
  } catch (error) {
    outcome.error = String(error);
  }
  return outcome;
}

/** Fetches files as a person would choose them from a folder. */
async function choose(urls: readonly string[]): Promise<ChosenFile[]> {
  return Promise.all(
    urls.map(async (url) => {
      const name = url.split('/').at(-1) ?? '';
      const file = new File([await (await fetch(url)).blob()], name, { lastModified: 1 });
      return { path: `folder/${name}`, file };
    }),
  );
}

async function digest(blob: Blob): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function stored(id: string): Promise<{ name: string; content: Blob }[]> {
  const build = await store.build(id, 'ready');
  const files = [];
  for (const { name } of build?.files ?? []) {
    const content = await store.open(id, build?.revision ?? '', name);
    if (content) files.push({ name, content });
  }
  return files;
}

const harness = {
  convert,
  convertFiles: async (urls: readonly string[], id: string, quantisation: Quantisation) =>
    convert({ kind: 'files', files: await choose(urls) }, id, quantisation),
  /** Reads the parts of the file in the page's input several at a time, with garbage collected all the while. */
  readParts: async (partBytes: number): Promise<number> => {
    const file = document.querySelector('input')?.files?.[0];
    if (!file) throw new Error('No file was chosen.');
    const { gc } = globalThis as { gc?: () => void };
    if (!gc) throw new Error('The browser must be started with --js-flags=--expose-gc.');
    const timer = setInterval(gc, 1);
    const source = blobFile('file', file);
    let read = 0;
    for (let at = 0; at < file.size; at += 4 * partBytes) {
      const parts = [0, 1, 2, 3].map((i) => source.read(at + i * partBytes, partBytes));
      for (const { length } of await Promise.all(parts)) read += length;
    }
    clearInterval(timer);
    return read;
  },
  /** SHA-256 of each file of the finished build; empty when there is none. */
  digests: async (id: string): Promise<Record<string, string>> => {
    const digests: Record<string, string> = {};
    for (const { name, content } of await stored(id)) digests[name] = await digest(content);
    return digests;
  },
  /** The finished build as one archive. */
  archive: async (id: string): Promise<number[]> => [
    ...new Uint8Array(await makeTar(await stored(id)).arrayBuffer()),
  ],
};
export type ConvertHarness = typeof harness;
(globalThis as unknown as { harness: ConvertHarness }).harness = harness;
