import { MLCEngine, type AppConfig, type InitProgressReport } from '@mlc-ai/web-llm';
import { version as webllmVersion } from '@mlc-ai/web-llm/package.json';
import { StepCosts } from '../domain/step-costs.ts';
import { probeAdapter } from './device.ts';
import { decodeEditShaped } from './edit-shaped-decoding.ts';
import { decodeOrdinary } from './ordinary-decoding.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import type {
  Decoding,
  Generation,
  GenerationSettings,
  KnownSelfCheck,
  LoadableModel,
  LoadedModel,
  LoadProgress,
} from './protocol.ts';
import { checkSteps } from './self-check.ts';

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

/** Text for the self-check: plain words that any LLaMA tokenizer knows. */
const CHECK_TEXT =
  'Consider the query, then edit the answer to improve it. The answer is short and the words are plain, as they should be.';

/** Shares of the loading bar at which the shader phase and the self-check start. */
const SHADERS_START = 0.5;
const CHECK_START = 0.9;

/** A loaded model: text in, edited text out. Runs in the engine worker. */
export class EngineModel {
  readonly #engine: MLCEngine;
  readonly #pipeline: Pipeline;
  readonly #check: KnownSelfCheck | undefined;
  readonly #costs: StepCosts | undefined;
  readonly loaded: LoadedModel;
  #stopped = false;

  private constructor(
    engine: MLCEngine,
    pipeline: Pipeline,
    adapter: string,
    check: KnownSelfCheck | undefined,
  ) {
    this.#engine = engine;
    this.#pipeline = pipeline;
    this.#check = check;
    this.#costs = check && new StepCosts(check.costs);
    this.loaded = { adapter, ...(check && { selfCheck: check }) };
  }

  /** @throws EngineError when the device can't run it, and whatever WebLLM throws while loading */
  static async load(
    model: LoadableModel,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<EngineModel> {
    const adapter = await probeAdapter(model.requiredFeatures);
    const { engine, pipeline } = await loadPipeline(model, onProgress);
    onProgress({ phase: 'self-check', fraction: CHECK_START });
    const subject = [adapter, model.weightsUrl, model.libraryUrl, webllmVersion].join('\n');
    const check = await selfCheck(pipeline, model.selfCheck, subject);
    return new EngineModel(engine, pipeline, adapter, check);
  }

  /** Ids that would reach the model for this prompt, BOS included. */
  tokenize(text: string): number[] {
    const { tokens } = this.#pipeline;
    return [...tokens.prefixIds, ...tokens.encode(text)];
  }

  async generate(
    prompt: string,
    answerSpan: readonly [number, number],
    settings: GenerationSettings,
    onText: (text: string) => void,
  ): Promise<Generation> {
    this.#stopped = false;
    const { tokens, forward } = this.#pipeline;
    const promptIds = this.tokenize(prompt);
    const reason = this.#whyOrdinary(settings);
    if (reason || 'unavailable' in forward || !this.#costs) {
      const reply = await decodeOrdinary(this.#engine, prompt, settings, onText);
      const decoding: Decoding = reason ?? { path: 'ordinary', reason: 'unavailable', detail: '' };
      return finished(reply, tokens.outputIds(), promptIds.length, decoding);
    }
    // Tokens may straddle the answer's ends by one; the drafter takes the span as a preference only.
    const [start, end] = answerSpan.map((offset) => this.tokenize(prompt.slice(0, offset)).length);
    const reply = await decodeEditShaped(forward, tokens, {
      promptIds,
      answer: [start ?? 0, end ?? 0],
      maxNewTokens: settings.maxNewTokens,
      costs: this.#costs,
      stopped: () => this.#stopped,
      onTokens: (ids) => {
        const text = tokens.decode(ids);
        // An unfinished character reads as U+FFFD until its last byte is there.
        if (!text.endsWith('\uFFFD')) onText(text);
      },
    });
    const { tokenIds, steps } = reply;
    return finished({ ...reply, text: tokens.decode(tokenIds) }, tokenIds, promptIds.length, {
      path: 'edit-shaped',
      steps,
      tokensPerStep: steps === 0 ? 0 : (tokenIds.length - 1) / steps,
    });
  }

  /** Ends the running generation between two steps; a prefill can't be interrupted. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#engine.interruptGenerate();
  }

  async unload(): Promise<void> {
    await this.#engine.unload();
  }

  #whyOrdinary({ temperature, editShaped }: GenerationSettings): Decoding | undefined {
    const { forward } = this.#pipeline;
    if (!editShaped) return { path: 'ordinary', reason: 'switched-off', detail: '' };
    if (temperature > 0) return { path: 'ordinary', reason: 'temperature', detail: '' };
    if ('unavailable' in forward)
      return { path: 'ordinary', reason: 'unavailable', detail: forward.unavailable };
    const fault = this.#check?.fault ?? '';
    return fault === '' ? undefined : { path: 'ordinary', reason: 'self-check-failed', detail: fault };
  }
}

/** Loads a model into an engine of its own and takes hold of its insides. */
export async function loadPipeline(
  model: LoadableModel,
  onProgress: (progress: LoadProgress) => void,
): Promise<{ engine: MLCEngine; pipeline: Pipeline }> {
  const report = risingProgress(onProgress);
  const engine = new MLCEngine({
    appConfig: appConfig(model),
    logLevel: 'WARN',
    initProgressCallback: report,
  });
  // Chat options replace the model's own conversation template.
  await engine.reload(model.id, { conv_template: PLAIN_CONVERSATION });
  return { engine, pipeline: openPipeline(engine, model.id, webllmVersion) };
}

async function selfCheck(
  { tokens, forward }: Pipeline,
  known: KnownSelfCheck | undefined,
  subject: string,
): Promise<KnownSelfCheck | undefined> {
  if ('unavailable' in forward) return undefined;
  if (known?.subject === subject) return known;
  const ids = [...tokens.prefixIds, ...tokens.encode(CHECK_TEXT)];
  return { subject, ...(await checkSteps(forward, ids)) };
}

function appConfig(model: LoadableModel): AppConfig {
  return {
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
}

/** WebLLM's reports start over in each phase and name it only in a sentence; this gives one rising number. */
function risingProgress(onProgress: (progress: LoadProgress) => void): (report: InitProgressReport) => void {
  let fraction = 0;
  onProgress({ phase: 'starting', fraction });
  return ({ text }) => {
    const shaders = text.includes('shader');
    const counts = /\[(\d+)\/(\d+)\]/.exec(text);
    const done = counts ? Number(counts[1]) / Number(counts[2]) : 0;
    const now = shaders ? SHADERS_START + done * (CHECK_START - SHADERS_START) : done * SHADERS_START;
    fraction = Math.max(fraction, Math.min(now, CHECK_START));
    onProgress({ phase: shaders ? 'shaders' : 'weights', fraction });
  };
}

function finished(
  reply: {
    text: string;
    finishReason: Generation['finishReason'];
    prefillSeconds: number;
    decodeSeconds: number;
  },
  tokenIds: readonly number[],
  promptTokens: number,
  decoding: Decoding,
): Generation {
  const { text, finishReason, prefillSeconds, decodeSeconds } = reply;
  // The first token comes with the prompt; the clock of writing starts after it.
  const written = Math.max(0, tokenIds.length - 1);
  return {
    text,
    tokenIds,
    finishReason,
    figures: {
      promptTokens,
      replyTokens: tokenIds.length,
      timeToFirstTokenSeconds: prefillSeconds,
      prefillTokensPerSecond: promptTokens / prefillSeconds,
      decodeTokensPerSecond: decodeSeconds > 0 ? written / decodeSeconds : 0,
      totalSeconds: prefillSeconds + decodeSeconds,
      decoding,
    },
  };
}
