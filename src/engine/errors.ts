import type { EngineErrorCode, EngineFailure } from './protocol.ts';

/** A failure of the engine, with a code that the page turns into words and a next step. */
export class EngineError extends Error implements EngineFailure {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  /** What went wrong, in the words of the part that noticed it. */
  readonly detail: string;

  constructor({ code, detail }: EngineFailure) {
    super(detail);
    this.code = code;
    this.detail = detail;
  }
}

/** Sorts what WebLLM, the browser or the network threw into the codes of the protocol. */
export function toFailure(error: unknown, fallback: EngineErrorCode): EngineFailure {
  if (error instanceof EngineError) return { code: error.code, detail: error.detail };
  const name = error instanceof Error ? error.name : '';
  const detail = error instanceof Error ? error.message : String(error);
  switch (name) {
    case 'WebGPUNotAvailableError':
    case 'WebGPUNotFoundError':
      return { code: 'no-adapter', detail };
    case 'ShaderF16SupportError':
    case 'FeatureSupportError':
      return { code: 'missing-feature', detail };
    case 'DeviceLostError':
      return { code: 'device-lost', detail };
    case 'ContextWindowSizeExceededError':
      return { code: 'prompt-too-long', detail };
  }
  if (/out of memory|allocation failed|buffer size|maxBufferSize/i.test(detail))
    return { code: 'out-of-memory', detail };
  if (/failed to fetch|networkerror|load failed|network error/i.test(detail))
    return { code: 'network', detail };
  return { code: fallback, detail };
}
