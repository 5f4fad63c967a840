import { pause } from './back-off.ts';
import { WeightError } from './errors.ts';
import { Interruption, openFile, type Patience } from './http.ts';

/** Tokenizers and libraries have a few megabytes; they are read whole before anything is stored. Bytes. */
const MAX_SMALL_BYTES = 32 * 2 ** 20;

/** Fetches a file that is not a shard, whole, from the first address that has it. */
export async function fetchSmall(
  urls: readonly string[],
  name: string,
  { signal, patience }: { readonly signal: AbortSignal; readonly patience: Patience },
): Promise<{ url: string; content: Uint8Array<ArrayBuffer> }> {
  const [url, ...others] = urls;
  if (url === undefined) throw new WeightError('not-stored', { says: 'no-address', file: name });
  for (let attempt = 0; ; attempt += 1) {
    try {
      return { url, content: await read(url, name, patience, signal) };
    } catch (error) {
      const missing = error instanceof WeightError && error.code === 'http-status';
      if (missing && others.length > 0)
        // The first address is the right one, so its error is the one to show.
        return await fetchSmall(others, name, { signal, patience }).catch(() => {
          throw error;
        });
      if (!(error instanceof Interruption)) throw error;
      if (attempt >= patience.attempts) throw error.reason;
      await pause(attempt, error.wait, patience, signal);
    }
  }
}

async function read(
  url: string,
  name: string,
  patience: Patience,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { body, total } = await openFile(url, name, 0, patience, signal);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk.slice());
    length += chunk.byteLength;
    if (length > MAX_SMALL_BYTES) throw new WeightError('wrong-content', { says: 'too-large', file: name });
  }
  if (total !== undefined && length < total)
    throw new Interruption(
      new WeightError('unreachable', {
        says: 'ended-early',
        file: name,
        received: length,
        announced: total,
      }),
    );
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
