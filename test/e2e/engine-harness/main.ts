import { EngineClient } from '../../../src/engine/client.ts';
import type { EngineError } from '../../../src/engine/errors.ts';
import type {
  GenerationSettings,
  KnownSelfCheck,
  LoadableModel,
  LoadedModel,
} from '../../../src/engine/protocol.ts';
import type { BuildSource } from '../../../src/weights/build.ts';
import { WeightClient } from '../../../src/weights/client.ts';
import type { Steps, StepsRequest } from './steps-worker.ts';

const weights = new WeightClient(
  new Worker(new URL('../../../src/weights-worker.ts', import.meta.url), { type: 'module' }),
);
const gone: EngineError[] = [];
const engine = new EngineClient(
  () => new Worker(new URL('../../../src/engine-worker.ts', import.meta.url), { type: 'module' }),
  (error) => gone.push(error),
);

async function stored(source: BuildSource, contextWindow: number): Promise<LoadableModel> {
  await weights.acquire(source);
  const { engine: addresses } = await weights.inspect(source);
  if (!addresses) throw new Error('The build is not stored.');
  return {
    id: source.id,
    weightsUrl: addresses.model,
    libraryUrl: addresses.modelLib,
    contextWindow,
    requiredFeatures: [],
  };
}

/** The real weight store and the real engine, without the page around them. */
const harness = {
  gone,
  async load(source: BuildSource, contextWindow: number, selfCheck?: KnownSelfCheck): Promise<LoadedModel> {
    return engine.load(
      { ...(await stored(source, contextWindow)), ...(selfCheck && { selfCheck }) },
      () => undefined,
      new AbortController().signal,
    );
  },
  /** Feeds a text in every way, in a worker of its own. */
  async steps(source: BuildSource, contextWindow: number, ids: readonly number[], cuts: readonly number[]) {
    const worker = new Worker(new URL('./steps-worker.ts', import.meta.url), { type: 'module' });
    const model = await stored(source, contextWindow);
    const answer = new Promise<Steps>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<{ steps?: Steps; error?: string }>) => {
        if (data.steps) resolve(data.steps);
        else reject(new Error(data.error));
      };
    });
    worker.postMessage({ model, ids, cuts } satisfies StepsRequest);
    return answer.finally(() => {
      worker.terminate();
    });
  },
  tokenize: (text: string) => engine.tokenize(text),
  /** @param stopAfter characters of the reply after which the run is stopped */
  generate(prompt: string, answer: string, settings: GenerationSettings, stopAfter = Infinity) {
    const start = prompt.lastIndexOf(answer);
    const abort = new AbortController();
    return engine.generate(
      { text: prompt, answerSpan: [start, start + answer.length] },
      settings,
      (text) => {
        if (text.length >= stopAfter) abort.abort();
      },
      abort.signal,
    );
  },
};

export type EngineHarness = typeof harness;

declare global {
  var engineHarness: EngineHarness;
}
globalThis.engineHarness = harness;
