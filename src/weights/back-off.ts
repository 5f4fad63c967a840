/** When to try again. Times in milliseconds. */
export interface BackOff {
  /** Tries in a row that may fail after the first. */
  readonly attempts: number;
  /** Wait before the first of them; doubles with each one after it. */
  readonly firstWait: number;
  readonly longestWait: number;
}

/** A server that wants a longer wait is asked again after this. The Hub counts requests in windows of five minutes. */
const LONGEST_ASKED = 300_000;

/** What pages and workers know of the network. Node knows nothing, and always tries. */
const scope: Partial<Pick<Window, 'navigator' | 'addEventListener' | 'removeEventListener'>> = globalThis;

/** True where the browser says that there is no network. */
export function isOffline(): boolean {
  return scope.navigator?.onLine === false;
}

/** True for a status that may be another one later. */
export function isBusyStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * Milliseconds that an answer asks to wait: Retry-After in seconds or as a date, or the rest of the window in RateLimit
 * (`"resolvers";r=0;t=42`). Undefined for neither.
 */
export function readWait(headers: Headers): number | undefined {
  const text = headers.get('Retry-After') ?? /;\s*t=(\d+)/.exec(headers.get('RateLimit') ?? '')?.[1];
  if (text === undefined) return undefined;
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

/**
 * Waits before another try: as long as the server asked for, or twice as long each time, give or take a quarter, so that
 * those that failed together don't come back together. Throws the signal's reason when aborted.
 */
export async function pause(
  attempt: number,
  asked: number | undefined,
  { firstWait, longestWait }: BackOff,
  signal?: AbortSignal,
): Promise<void> {
  const backOff = Math.min(firstWait * 2 ** attempt, longestWait) * (0.75 + Math.random() / 2);
  const wait = asked === undefined ? backOff : Math.min(asked, LONGEST_ASKED);
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      scope.removeEventListener?.('online', done);
      resolve();
    };
    // Without a network there is nothing to try until the browser says that it is back.
    const timer = setTimeout(() => {
      if (!isOffline()) done();
    }, wait);
    signal?.addEventListener('abort', done);
    scope.addEventListener?.('online', done);
    if (signal?.aborted === true) done();
  });
  signal?.throwIfAborted();
}
