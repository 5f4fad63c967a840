import { ConversionError } from './errors.ts';
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

/** A file on a server, read part by part with Range requests; tried again after broken connections and busy answers. */
export function httpFile({ name, url, size, version }: RemoteFile): SourceFile {
  return {
    name,
    size,
    version,
    async read(offset, length, signal) {
      if (length === 0) return new Uint8Array();
      const headers = { Range: `bytes=${offset}-${offset + length - 1}` };
      const buffer = await fetchBody(name, url, { headers, signal: signal ?? null }, (response) => {
        if (response.status === 206 || (offset === 0 && length === size)) return;
        void response.body?.cancel();
        throw readFailure(name, 'The server sends only whole files (it ignores Range requests).');
      });
      if (buffer.byteLength !== length) {
        throw readFailure(name, `The server sent ${buffer.byteLength} bytes instead of ${length}.`);
      }
      return new Uint8Array(buffer);
    },
  };
}

/** Fetches one body. @throws ConversionError `read-failed` naming the file and the server's answer */
export async function fetchBody(
  name: string,
  url: string,
  init: RequestInit,
  check: (response: Response) => void = () => undefined,
): Promise<ArrayBuffer> {
  const signal = init.signal ?? undefined;
  try {
    return await withRetries(async () => {
      const response = await fetch(url, init).catch(transient);
      if (isBusyStatus(response.status)) {
        void response.body?.cancel();
        throw new TransientFailure(
          `The server answered ${response.status}.`,
          readRetryAfter(response.headers.get('Retry-After')),
        );
      }
      if (!response.ok) {
        void response.body?.cancel();
        throw readFailure(name, `The server answered ${response.status} for ${url}.`);
      }
      check(response);
      return response.arrayBuffer().catch(transient);
    }, signal);
  } catch (error) {
    if (error instanceof TransientFailure) throw readFailure(name, error.message, error);
    throw error;
  }
}

function transient(cause: unknown): never {
  throw new TransientFailure('The connection failed.', undefined, { cause });
}

function readFailure(file: string, reason: string, cause?: unknown): ConversionError {
  return new ConversionError(
    'read-failed',
    {
      file,
      reason,
      next: 'Check the address and the connection, and start again: finished shards are kept.',
    },
    { cause },
  );
}
