import { type BackOff, isBusyStatus, isOffline, readWait } from './back-off.ts';
import { WeightError } from './errors.ts';

/** How patient a transfer is: `attempts` without a single new byte before it gives up. Times in milliseconds. */
export interface Patience extends BackOff {
  /** A connection that brings nothing for so long counts as broken. */
  readonly stall: number;
}

export const PATIENCE: Patience = { attempts: 7, firstWait: 1000, longestWait: 60_000, stall: 30_000 };

/** A failure that may pass: worth another attempt, after `wait` milliseconds where the server said so. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  constructor(
    readonly reason: WeightError,
    readonly wait?: number,
  ) {
    super(reason.message);
  }
}

/** Memory that a body is read into, in bytes; a network brings about half of it at once. */
const READ_BYTES = 2 ** 20;

const answering = new Set<string>();

export interface Opened {
  /** Offset of the first byte that the body brings: the one asked for, or 0 from a server without Range. */
  readonly start: number;
  /** Size of the whole file, where the server says it. */
  readonly total: number | undefined;
  /** A chunk holds its bytes until the next one is asked for. */
  readonly body: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** The body as one Blob, none of which passes through this worker; only where a stretch was asked for and given. */
  readonly blob?: () => Promise<Blob>;
}

/**
 * Asks for a file from `offset` on, or for `length` bytes of it. Throws an Interruption for what may pass (broken
 * connection, stall, 408, 429, 5xx), and a WeightError for what will not (404, a web page, a server that does not serve
 * other sites).
 */
export async function openFile(
  url: string,
  name: string,
  offset: number,
  patience: Patience,
  signal: AbortSignal,
  length?: number,
): Promise<Opened> {
  const stall = new AbortController();
  const anySignal = AbortSignal.any([signal, stall.signal]);
  const stalled = setTimeout(() => {
    stall.abort();
  }, patience.stall);
  let response: Response;
  try {
    response = await fetch(url, {
      // The store is the cache: a second copy in the HTTP cache would double the disk space.
      cache: 'no-store',
      signal: anySignal,
      ...((offset > 0 || length !== undefined) && { headers: { Range: range(offset, length) } }),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw await explainFailure(url, name, error);
  } finally {
    clearTimeout(stalled);
  }
  answering.add(new URL(url).origin);
  if (response.status === 416) return { start: 0, total: undefined, body: empty() };
  if (!response.ok) {
    await response.body?.cancel();
    throw statusFailure(response, name);
  }
  if (/\btext\/html\b/i.test(response.headers.get('Content-Type') ?? '')) {
    await response.body?.cancel();
    throw new WeightError('wrong-content', { says: 'web-page', file: name });
  }
  const [, from, size] =
    /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('Content-Range') ?? '') ?? [];
  const start = response.status === 206 ? Number(from ?? offset) : 0;
  return {
    start,
    total: totalOf(response, size),
    body: chunks(response, name, patience.stall, signal, stall),
    ...(response.status === 206 &&
      length !== undefined && { blob: () => inTime(response.blob(), name, patience.stall, signal, stall) }),
  };
}

function range(offset: number, length: number | undefined): string {
  return `bytes=${offset}-${length === undefined ? '' : offset + length - 1}`;
}

/** Waits for a body, or a piece of one; the connection counts as broken when it takes longer than a stall. */
async function inTime<T>(
  answer: Promise<T>,
  name: string,
  stallAfter: number,
  signal: AbortSignal,
  stall: AbortController,
): Promise<T> {
  const timer = setTimeout(() => {
    stall.abort();
  }, stallAfter);
  try {
    return await answer;
  } catch {
    signal.throwIfAborted();
    throw interrupted(name, stall.signal.aborted ? 'stalled' : 'connection-broke');
  } finally {
    clearTimeout(timer);
  }
}

async function* chunks(
  response: Response,
  name: string,
  stallAfter: number,
  signal: AbortSignal,
  stall: AbortController,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (!response.body) return;
  const reader = readerOf(response.body);
  try {
    for (;;) {
      const result = await inTime(reader.read(), name, stallAfter, signal, stall);
      if (result.done) return;
      yield result.value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Reads into the same memory again and again. The chunks that a browser makes by itself lie about by the dozen megabytes
 * until they are collected, and reading takes half as long again.
 */
function readerOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): Pick<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, 'read' | 'cancel'> {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch {
    // Not every browser's bodies can be read so.
    return body.getReader();
  }
  let memory = new ArrayBuffer(READ_BYTES);
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(memory));
      if (done) return { done, value: undefined };
      memory = value.buffer;
      return { done, value };
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

async function* empty(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  // Nothing: the server has no bytes from that offset on.
}

function totalOf(response: Response, size: string | undefined): number | undefined {
  if (response.status === 206) return size === undefined || size === '*' ? undefined : Number(size);
  // A compressed body has another length than the file.
  if (response.headers.has('Content-Encoding')) return undefined;
  const length = response.headers.get('Content-Length');
  return length === null ? undefined : Number(length);
}

function statusFailure(response: Response, name: string): Error {
  const { status } = response;
  if (isBusyStatus(status)) {
    const reason = new WeightError('http-status', { says: 'busy-server', file: name, status });
    return new Interruption(reason, readWait(response.headers));
  }
  const says = status === 401 || status === 403 ? 'login-wanted' : 'not-there';
  return new WeightError('http-status', { says, file: name, status });
}

function interrupted(
  file: string,
  says: 'stalled' | 'connection-broke' | 'server-unreachable' | 'no-network',
): Interruption {
  return new Interruption(new WeightError('unreachable', { says, file }));
}

/** `fetch` says only "failed". A server that answers a request which needs no permission merely withholds permission. */
async function explainFailure(url: string, name: string, error: unknown): Promise<Error> {
  const { origin } = new URL(url);
  if (origin !== location.origin && !answering.has(origin) && !isOffline()) {
    const answered = await fetch(url, { method: 'HEAD', mode: 'no-cors', cache: 'no-store' }).then(
      () => true,
      () => false,
    );
    if (answered)
      return new WeightError(
        'no-cors',
        { says: 'no-cors', file: name, host: new URL(url).host },
        { cause: error },
      );
  }
  return interrupted(name, isOffline() ? 'no-network' : 'server-unreachable');
}
