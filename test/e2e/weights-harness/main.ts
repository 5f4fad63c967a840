import { WeightClient } from '../../../src/weights/client.ts';
import type { BuildSource } from '../../../src/weights/build.ts';
import type { WeightError } from '../../../src/weights/errors.ts';
import { damagePart, loseFile, readEntries } from './entries.ts';
import type { Progress } from '../../../src/weights/progress.ts';

interface Reading {
  readonly keys: string[];
  readonly digests: Record<string, string | null>;
  readonly missing: string;
}

type Outcome =
  { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string };

const client = new WeightClient(
  new Worker(new URL('./weights-worker.ts', import.meta.url), { type: 'module' }),
);
const progress: Progress[] = [];
/** The engine's addresses of builds that an engine may start, by id. */
const nearlyHere: Record<string, string> = {};
let changes = 0;
client.listen((event) => {
  if (event.kind === 'progress') progress.push(event.progress);
  else if (event.kind === 'nearly-here') nearlyHere[event.id] = event.engine.model;
  else if (event.kind === 'changed') changes += 1;
});
let reader: Worker | undefined;

const outcome = (job: Promise<unknown>): Promise<Outcome> =>
  job.then(
    () => ({ ok: true }) as const,
    (error: unknown) => {
      const { code, message } = error as WeightError;
      return { ok: false, code, message } as const;
    },
  );

const harness = {
  readEntries,
  damagePart,
  loseFile,
  client,
  progress,
  nearlyHere,
  changes: () => changes,
  acquire: (source: BuildSource) => outcome(client.acquire(source)),
  remove: (id: string) => outcome(client.remove(id)),
  /** What the engine would read; the reader keeps its hold on the model until `letGo`. */
  read: (urls: string[]) => {
    reader ??= new Worker(new URL('./reader-worker.ts', import.meta.url), { type: 'module' });
    const current = reader;
    return new Promise<Reading>((resolve, reject) => {
      current.onmessage = ({ data }: MessageEvent<Reading>) => {
        resolve(data);
      };
      current.onerror = ({ message }) => {
        reject(new Error(message));
      };
      current.postMessage(urls);
    });
  },
  letGo: () => {
    reader?.terminate();
    reader = undefined;
  },
};
export type Harness = typeof harness;
(globalThis as unknown as { harness: Harness }).harness = harness;
