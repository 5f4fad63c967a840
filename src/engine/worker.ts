import { MLCEngine, type AppConfig, type InitProgressReport } from '@mlc-ai/web-llm';
import { probeAdapter, watchDevices } from './device.ts';
import { EngineError, toFailure } from './errors.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import type {
  EngineRequest,
  EngineResponse,
  Generation,
  GenerationSettings,
  LoadableModel,
  LoadProgress,
} from './protocol.ts';

/**
 * The prompt goes to the model as it is, after one BOS. MLC's "LM" template does the same but sends the text through
 * `String.replace`, where "$&" and "$$" in a person's answer would be read as patterns; without role templates WebLLM
 * takes the text untouched.
 */
const PLAIN_CONVERSATION = {
  system_template: '{system_message}',
  system_message: '',
  roles: { user: '', assistant: '', tool: '' },
  role_content_sep: '',
  role_empty_sep: '',
  offset: 0,
  seps: [''],
  stop_str: [],
  // LLaMA's ids: 1 begins a sequence, 2 ends it.
  system_prefix_token_ids: [1],
  stop_token_ids: [2],
};

interface Loaded {
  readonly engine: MLCEngine;
  readonly pipeline: Pipeline;
}

/** The two members of a dedicated worker's global scope that the engine uses. */
export interface WorkerScope {
  postMessage(message: EngineResponse): void;
  onmessage: ((event: MessageEvent<EngineRequest>) => void) | null;
}

/** Serves the engine protocol on a worker's global scope. */
export function serveEngine(scope: WorkerScope): void {
  let loaded: Loaded | undefined;
  let running: number | undefined;
  const send = (response: EngineResponse): void => {
    scope.postMessage(response);
  };
  watchDevices((detail) => {
    loaded = undefined;
    send({ kind: 'device-lost', detail });
  });

  const ready = (): Loaded => {
    if (!loaded) throw new EngineError({ code: 'not-loaded', detail: 'No model is loaded.' });
    return loaded;
  };

  async function answer(message: EngineRequest): Promise<void> {
    const { request } = message;
    switch (message.kind) {
      case 'load': {
        const { model } = message;
        const adapter = await probeAdapter(model.requiredFeatures);
        const onProgress = (progress: LoadProgress): void => {
          send({ kind: 'progress', request, progress });
        };
        await loaded?.engine.unload();
        loaded = undefined;
        loaded = await loadModel(model, onProgress);
        send({ kind: 'loaded', request, loaded: { adapter } });
        return;
      }
      case 'tokenize': {
        const { pipeline } = ready();
        send({
          kind: 'tokenized',
          request,
          tokenIds: [...pipeline.prefixTokenIds, ...pipeline.encode(message.text)],
        });
        return;
      }
      case 'generate': {
        running = request;
        const onText = (text: string): void => {
          send({ kind: 'text', request, text });
        };
        try {
          const generation = await generate(ready(), message.prompt, message.settings, onText);
          send({ kind: 'generated', request, generation });
        } finally {
          running = undefined;
        }
        return;
      }
      case 'stop':
        if (running === request) await loaded?.engine.interruptGenerate();
    }
  }

  scope.onmessage = ({ data }: MessageEvent<EngineRequest>): void => {
    void answer(data).catch((error: unknown) => {
      const fallback = data.kind === 'load' ? 'load-failed' : 'generation-failed';
      send({ kind: 'failed', request: data.request, failure: toFailure(error, fallback) });
    });
  };
}

async function loadModel(
  model: LoadableModel,
  onProgress: (progress: LoadProgress) => void,
): Promise<Loaded> {
  const appConfig: AppConfig = {
    model_list: [
      {
        model: model.weightsUrl,
        model_id: model.id,
        model_lib: model.libraryUrl,
        required_features: [...model.requiredFeatures],
        overrides: { context_window_size: model.contextWindow },
      },
    ],
    cacheBackend: 'cache',
  };
  const engine = new MLCEngine({
    appConfig,
    logLevel: 'WARN',
    initProgressCallback: progressReporter(onProgress),
  });
  // Chat options replace the model's own conversation template.
  await engine.reload(model.id, { conv_template: PLAIN_CONVERSATION });
  return { engine, pipeline: openPipeline(engine, model.id) };
}

/** WebLLM's reports start over in each phase and name it only in a sentence; this gives one rising number. */
function progressReporter(
  onProgress: (progress: LoadProgress) => void,
): (report: InitProgressReport) => void {
  // Share of the bar at which the shader phase starts; the two take about as long on a real GPU.
  const shadersStart = 0.5;
  let fraction = 0;
  onProgress({ phase: 'starting', fraction });
  return ({ text }) => {
    const shaders = text.includes('shader');
    const counts = /\[(\d+)\/(\d+)\]/.exec(text);
    const done = counts ? Number(counts[1]) / Number(counts[2]) : 0;
    fraction = Math.max(fraction, shaders ? shadersStart + done * (1 - shadersStart) : done * shadersStart);
    onProgress({ phase: shaders ? 'shaders' : 'weights', fraction: Math.min(1, fraction) });
  };
}

async function generate(
  { engine, pipeline }: Loaded,
  prompt: string,
  settings: GenerationSettings,
  onText: (text: string) => void,
): Promise<Generation> {
  const started = performance.now();
  await engine.resetChat();
  const chunks = await engine.chat.completions.create({
    messages: [{ role: 'user', content: prompt }],
    temperature: settings.temperature,
    max_tokens: settings.maxNewTokens,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let finishReason: Generation['finishReason'] = 'stop';
  let prefillTokensPerSecond = 0;
  let decodeTokensPerSecond = 0;
  let timeToFirstTokenSeconds = 0;
  for await (const { choices, usage } of chunks) {
    const [choice] = choices;
    if (choice?.delta.content) {
      text += choice.delta.content;
      onText(text);
    }
    const reason = choice?.finish_reason;
    if (reason === 'stop' || reason === 'length' || reason === 'abort') finishReason = reason;
    if (usage) {
      prefillTokensPerSecond = usage.extra.prefill_tokens_per_s;
      decodeTokensPerSecond = usage.extra.decode_tokens_per_s;
      timeToFirstTokenSeconds = usage.extra.time_to_first_token_s;
    }
  }
  const tokenIds = pipeline.outputIds();
  return {
    // The stream holds back an unfinished character; the engine's own message is whole.
    text: await engine.getMessage(),
    tokenIds,
    finishReason,
    figures: {
      promptTokens: pipeline.prefixTokenIds.length + pipeline.encode(prompt).length,
      replyTokens: tokenIds.length,
      timeToFirstTokenSeconds,
      prefillTokensPerSecond,
      decodeTokensPerSecond,
      totalSeconds: (performance.now() - started) / 1000,
    },
  };
}
