import { conversionEn } from '../../domain/texts/conversion.en.ts';
import { write } from '../../domain/texts/told.ts';
import { type BackOff, pause } from '../back-off.ts';
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

const BACK_OFF: BackOff = { attempts: 6, firstWait: 500, longestWait: 16_000 };

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
      if (!(error instanceof TransientFailure) || attempt >= BACK_OFF.attempts) throw error;
      await pause(attempt, error.wait, BACK_OFF, signal);
    }
  }
}
