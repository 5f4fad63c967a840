import { watchDevices } from './device.ts';
import { EngineError, toFailure } from './errors.ts';
import { EngineModel } from './model.ts';
import type { EngineRequest, EngineResponse } from './protocol.ts';

/** The two members of a dedicated worker's global scope that the engine uses. */
export interface WorkerScope {
  postMessage(message: EngineResponse): void;
  onmessage: ((event: MessageEvent<EngineRequest>) => void) | null;
}

/** Serves the engine protocol on a worker's global scope. */
export function serveEngine(scope: WorkerScope): void {
  let model: EngineModel | undefined;
  let running: number | undefined;
  const send = (response: EngineResponse): void => {
    scope.postMessage(response);
  };
  watchDevices((detail) => {
    model = undefined;
    send({ kind: 'device-lost', detail });
  });

  const ready = (): EngineModel => {
    if (!model) throw new EngineError({ code: 'not-loaded', detail: 'No model is loaded.' });
    return model;
  };

  async function answer(message: EngineRequest): Promise<void> {
    const { request } = message;
    switch (message.kind) {
      case 'load':
        await model?.unload();
        model = undefined;
        model = await EngineModel.load(message.model, (progress) => {
          send({ kind: 'progress', request, progress });
        });
        send({ kind: 'loaded', request, loaded: model.loaded });
        return;
      case 'tokenize':
        send({ kind: 'tokenized', request, tokenIds: ready().tokenize(message.text) });
        return;
      case 'generate': {
        running = request;
        const { prompt, answerSpan, settings } = message;
        try {
          const generation = await ready().generate(prompt, answerSpan, settings, (text) => {
            send({ kind: 'text', request, text });
          });
          send({ kind: 'generated', request, generation });
        } finally {
          running = undefined;
        }
        return;
      }
      case 'stop':
        if (running === request) await model?.stop();
    }
  }

  scope.onmessage = ({ data }): void => {
    void answer(data).catch((error: unknown) => {
      const fallback = data.kind === 'load' ? 'load-failed' : 'generation-failed';
      send({ kind: 'failed', request: data.request, failure: toFailure(error, fallback) });
    });
  };
}
