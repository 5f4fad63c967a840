import type { MLCEngine } from '@mlc-ai/web-llm';
import type { Generation, GenerationSettings } from './protocol.ts';

export interface OrdinaryReply {
  readonly text: string;
  readonly finishReason: Generation['finishReason'];
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
}

/** WebLLM's own generation, one token a step. */
export async function decodeOrdinary(
  engine: MLCEngine,
  prompt: string,
  { temperature, maxNewTokens }: GenerationSettings,
  onText: (text: string) => void,
): Promise<OrdinaryReply> {
  const started = performance.now();
  let prefilled = started;
  await engine.resetChat();
  const chunks = await engine.chat.completions.create({
    messages: [{ role: 'user', content: prompt }],
    temperature,
    max_tokens: maxNewTokens,
    // A checkpoint's generation_config.json must not bend what the settings say.
    top_p: 1,
    repetition_penalty: 1,
    frequency_penalty: 0,
    presence_penalty: 0,
    stream: true,
  });
  let text = '';
  let finishReason: Generation['finishReason'] = 'stop';
  for await (const { choices } of chunks) {
    if (prefilled === started) prefilled = performance.now();
    const [choice] = choices;
    if (choice?.delta.content) {
      text += choice.delta.content;
      onText(text);
    }
    const reason = choice?.finish_reason;
    if (reason === 'stop' || reason === 'length' || reason === 'abort') finishReason = reason;
  }
  return {
    // The stream holds back an unfinished character; the engine's own message is whole.
    text: await engine.getMessage(),
    finishReason,
    prefillSeconds: (prefilled - started) / 1000,
    decodeSeconds: (performance.now() - prefilled) / 1000,
  };
}
