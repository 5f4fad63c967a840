import { conversionEn } from '../../domain/texts/conversion.en.ts';
import { write } from '../../domain/texts/told.ts';
import type { ConversionReason } from './errors.ts';

/** A failure that another try may mend: a broken connection, a busy server. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
  /** Milliseconds that the server asks to wait, if it does. */
  readonly wait: number | undefined;

  constructor(
    readonly reason: ConversionReason,
    wait?: number,
    options?: ErrorOptions,
  ) {
    super(write(conversionEn.reasons, reason), options);
    this.wait = wait;
  }
}

/** Milliseconds before the second, third, … try. */
const WAITS = [500, 1000, 2000, 4000, 8000, 16000];

/** No server is waited for longer than this, whatever it asks. The Hub counts requests in windows of five minutes. */
const LONGEST_WAIT = 300_000;

export function isBusyStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * Milliseconds that an answer asks to wait: seconds in Retry-After, or the rest of the window in RateLimit
 * (`"resolvers";r=0;t=42`). Undefined for neither, or a date.
 */
export function readWait(headers: Headers): number | undefined {
  const text = headers.get('Retry-After') ?? /;\s*t=(\d+)/.exec(headers.get('RateLimit') ?? '')?.[1];
  const seconds = Number(text ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/**
 * Tries again after a TransientFailure, waiting twice as long each time.
 * @throws the last failure after seven tries; anything else at once; the signal's reason when aborted
 */
export async function withRetries<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      signal?.throwIfAborted();
      const wait = WAITS[attempt];
      if (!(error instanceof TransientFailure) || wait === undefined) throw error;
      // Half of it at random, so that blocks that failed together don't come back together.
      await pause(Math.min(LONGEST_WAIT, error.wait ?? wait * (0.5 + Math.random() / 2)), signal);
    }
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
