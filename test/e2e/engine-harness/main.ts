import { EngineClient } from '../../../src/engine/client.ts';
import type { EngineError } from '../../../src/engine/errors.ts';
import type { GenerationSettings, KnownSelfCheck, LoadedModel } from '../../../src/engine/protocol.ts';
import type { BuildSource } from '../../../src/weights/build.ts';
import { WeightClient } from '../../../src/weights/client.ts';

const weights = new WeightClient(
  new Worker(new URL('../../../src/weights-worker.ts', import.meta.url), { type: 'module' }),
);
const gone: EngineError[] = [];
const engine = new EngineClient(
  () => new Worker(new URL('../../../src/engine-worker.ts', import.meta.url), { type: 'module' }),
  (error) => gone.push(error),
);

/** The real weight store and the real engine, without the page around them. */
const harness = {
  gone,
  async load(source: BuildSource, contextWindow: number, selfCheck?: KnownSelfCheck): Promise<LoadedModel> {
    await weights.acquire(source);
    const { engine: addresses } = await weights.inspect(source);
    if (!addresses) throw new Error('The build is not stored.');
    return engine.load(
      {
        id: source.id,
        weightsUrl: addresses.model,
        libraryUrl: addresses.modelLib,
        contextWindow,
        requiredFeatures: [],
        ...(selfCheck && { selfCheck }),
      },
      () => undefined,
      new AbortController().signal,
    );
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
