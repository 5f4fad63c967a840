import { ConversionError, type ConversionReason } from './errors.ts';
import { isBusyStatus, readRetryAfter, TransientFailure, withRetries } from './retry.ts';
import type { SourceFile } from './source.ts';

export interface RemoteFile {
  name: string;
  /** Absolute. */
  url: string;
  /** Bytes. */
  size: number;
  /** ETag, object id or the like. */
  version: string;
}

/** Answers of an address that was only good for a while. */
const EXPIRED = [401, 403, 404, 410];

/** A file on a server, read part by part with Range requests; tried again after broken connections and busy answers. */
export function httpFile({ name, url, size, version }: RemoteFile): SourceFile {
  // Where the server redirects to; going there at once spares a request for each part, until that address expires.
  let direct: string | undefined;
  const check = (response: Response, whole: boolean): void => {
    if (response.status === 206 || whole) return;
    void response.body?.cancel();
    throw readFailure(name, { says: 'whole-files-only' });
  };
  return {
    name,
    size,
    version,
    async read(offset, length, signal) {
      if (length === 0) return new Uint8Array();
      const init = { headers: { Range: `bytes=${offset}-${offset + length - 1}` }, signal: signal ?? null };
      return retried(
        name,
        async () => {
          const address = direct ?? url;
          const response = await open(name, address, init);
          if (address !== url && EXPIRED.includes(response.status)) {
            // Another part in flight may have found the new address already.
            if (direct === address) direct = undefined;
            void response.body?.cancel();
            throw new TransientFailure({ says: 'status', status: response.status, of: name }, 0);
          }
          requireOk(name, response);
          check(response, offset === 0 && length === size);
          const bytes = await readBody(name, response, length);
          if (response.redirected) direct = response.url;
          return bytes;
        },
        signal,
      );
    },
  };
}

/**
 * Reads a body of known length piece by piece. (The browser's own `arrayBuffer()` keeps a second copy of the body until
 * the next garbage collection, which a thread that passes its arrays on hardly ever has.)
 */
async function readBody(name: string, response: Response, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  const reader = response.body?.getReader();
  let at = 0;
  for (;;) {
    const piece = await reader?.read().catch(transient);
    if (!piece || piece.done) break;
    if (at + piece.value.length <= length) bytes.set(piece.value, at);
    at += piece.value.length;
  }
  if (at !== length) throw readFailure(name, { says: 'other-length-sent', sent: at, asked: length });
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
  const wait = readRetryAfter(response.headers.get('Retry-After'));
  throw new TransientFailure({ says: 'status', status: response.status, of: name }, wait);
}

function requireOk(name: string, response: Response): void {
  if (response.ok) return;
  void response.body?.cancel();
  throw readFailure(name, { says: 'status', status: response.status, of: response.url });
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
