import { isBusyStatus, readWait } from '../back-off.ts';
import { ConversionError, type ConversionReason } from './errors.ts';
import { readStream } from './read-stream.ts';
import { TransientFailure, withRetries } from './retry.ts';
import type { SourceFile } from './source.ts';

export interface RemoteFile {
  name: string;
  /** Absolute. */
  url: string;
  /** Bytes. */
  size: number;
  /** ETag, object id or the like. */
  version: string;
  /** Sent to the address's own server and no other. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** A server that has sent nothing for so long is asked anew, in milliseconds. */
const STALL = 30_000;

/**
 * A file on a server, read part by part with Range requests; tried again after broken connections and busy answers.
 * A single range needs no permission by a preflight request, other headers would.
 * @param stall milliseconds
 */
export function httpFile({ name, url, size, version, headers }: RemoteFile, stall = STALL): SourceFile {
  // Where the server redirects to: going there at once spares a request for each part. The Hub's storage is good for an
  // hour, and its refusals after that don't always carry the headers that let a page see them.
  let direct: string | undefined;
  const readFrom = async (
    address: string,
    offset: number,
    length: number,
    signal?: AbortSignal,
    into?: ArrayBuffer,
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const known = new URL(address).origin === new URL(url).origin;
    const patience = new Patience(stall, signal);
    try {
      const response = await open(name, address, {
        // A browser would keep every part in its cache as well, gigabytes of them.
        cache: 'no-store',
        headers: { Range: `bytes=${offset}-${offset + length - 1}`, ...(known && headers) },
        signal: patience.signal,
      });
      requireOk(name, response);
      if (response.status !== 206 && !(offset === 0 && length === size)) {
        void response.body?.cancel();
        throw readFailure(name, { says: 'whole-files-only' });
      }
      const bytes = await readBody(name, response, length, patience, into);
      if (response.redirected) direct = response.url;
      return bytes;
    } finally {
      patience.end();
    }
  };
  return {
    name,
    size,
    version,
    async read(offset, length, signal, into) {
      if (length === 0) return new Uint8Array();
      const attempt = async (): Promise<Uint8Array<ArrayBuffer>> => {
        const address = direct ?? url;
        try {
          return await readFrom(address, offset, length, signal, into);
        } catch (error) {
          if (address === url) throw error;
          // Another part in flight may have found the new address already.
          if (direct === address) direct = undefined;
          const reason = error instanceof ConversionError ? error.details.reason : connectionFailed(error);
          if (!reason) throw error;
          throw new TransientFailure(reason, 0, { cause: error });
        }
      };
      return retried(name, attempt, signal);
    },
  };
}

/** Ends a request on which nothing has come for a while: nobody else would. */
class Patience {
  readonly signal: AbortSignal;
  readonly #stalled = new AbortController();
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number, signal?: AbortSignal) {
    this.#milliseconds = milliseconds;
    this.signal = AbortSignal.any([this.#stalled.signal, ...(signal ? [signal] : [])]);
    this.renew();
  }

  renew(): void {
    this.end();
    this.#timer = setTimeout(() => {
      this.#stalled.abort();
    }, this.#milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function readBody(
  name: string,
  response: Response,
  length: number,
  patience: Patience,
  into?: ArrayBuffer,
): Promise<Uint8Array<ArrayBuffer>> {
  const onPiece = (): void => {
    patience.renew();
  };
  const { bytes, found } = response.body
    ? await readStream(response.body, length, into, onPiece).catch(transient)
    : { bytes: new Uint8Array(length), found: 0 };
  if (found < length) throw readFailure(name, { says: 'other-length-sent', sent: found, asked: length });
  if (found > length) throw readFailure(name, { says: 'more-sent', asked: length });
  return bytes;
}

/** Fetches one small body. @throws ConversionError `read-failed` naming the file and the server's answer */
export function fetchBody(name: string, url: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return retried(
    name,
    async () => {
      const response = await open(name, url, { signal: signal ?? null });
      requireOk(name, response);
      return response.arrayBuffer().catch(transient);
    },
    signal,
  );
}

async function retried<T>(name: string, action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await withRetries(action, signal);
  } catch (error) {
    if (error instanceof TransientFailure) throw readFailure(name, error.reason, error);
    throw error;
  }
}

async function open(name: string, url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch(transient);
  if (!isBusyStatus(response.status)) return response;
  void response.body?.cancel();
  throw new TransientFailure(
    { says: 'status', status: response.status, of: name },
    readWait(response.headers),
  );
}

function requireOk(name: string, response: Response): void {
  if (response.ok) return;
  void response.body?.cancel();
  const { status, url: of } = response;
  if (status !== 401 && status !== 403) throw readFailure(name, { says: 'status', status, of });
  throw new ConversionError('read-failed', {
    file: name,
    reason: { says: 'login-wanted', status, of },
    next: 'download-yourself',
  });
}

function connectionFailed(error: unknown): ConversionReason | undefined {
  return error instanceof TransientFailure && error.reason.says === 'connection-failed'
    ? error.reason
    : undefined;
}

function transient(cause: unknown): never {
  throw new TransientFailure({ says: 'connection-failed' }, undefined, { cause });
}

function readFailure(file: string, reason: ConversionReason, cause?: unknown): ConversionError {
  return new ConversionError(
    'read-failed',
    {
      file,
      reason,
      next: 'check-connection',
    },
    { cause },
  );
}
