import { loadPipeline } from '../../../src/engine/model.ts';
import type { LoadableModel } from '../../../src/engine/protocol.ts';
import { installModelCache } from '../../../src/weights/model-cache.ts';
import { BuildStore } from '../../../src/weights/store.ts';

/** The likeliest next id after each position of a text, by every way of feeding it. */
export interface Steps {
  readonly single: number[];
  /** In one step; only for texts of at most one step's size. */
  readonly whole: number[];
  /** For each cut: the first part as a prompt, the second in one step; from the last id of the first part on. */
  readonly cut: { readonly at: number; readonly rows: number[] }[];
  /** The whole text as a prompt, however many chunks that takes: after its last id. */
  readonly prompt: number;
}

export interface StepsRequest {
  readonly model: LoadableModel;
  readonly ids: readonly number[];
  readonly cuts: readonly number[];
}

installModelCache(new BuildStore());

async function run({ model, ids, cuts }: StepsRequest): Promise<Steps> {
  const { pipeline } = await loadPipeline(model, () => undefined);
  const { forward } = pipeline;
  if ('unavailable' in forward) throw new Error(forward.unavailable);
  const single: number[] = [];
  forward.reset();
  for (const id of ids) single.push(await forward.decode(id));
  forward.reset();
  const whole = ids.length <= forward.chunkSize ? await forward.verify(ids) : [];
  const cut: Steps['cut'] = [];
  for (const at of cuts) {
    forward.reset();
    const first = await forward.prefill(ids.slice(0, at));
    cut.push({ at, rows: [first, ...(await forward.verify(ids.slice(at)))] });
  }
  forward.reset();
  return { single, whole, cut, prompt: await forward.prefill(ids) };
}

self.onmessage = ({ data }: MessageEvent<StepsRequest>): void => {
  run(data).then(
    (steps) => {
      self.postMessage({ steps });
    },
    (error: unknown) => {
      self.postMessage({ error: String(error) });
    },
  );
};
