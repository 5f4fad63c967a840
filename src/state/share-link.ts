import { readShareJson, shareJson, type Shared } from '../domain/share.ts';

/** Name of the fragment; a fragment never reaches a server. */
const FRAGMENT = '#share=';
/** Mail and chat programs cut links at 2,000 to 8,000 characters; browsers take far longer ones. */
export const LINK_LIMIT = 8000;
/** A link that unpacks to more than this is refused: no text that fits into a model is near it. */
const UNPACKED_LIMIT = 1_000_000;

/** @returns the page's address with the texts in its fragment, compressed; it may exceed `LINK_LIMIT` */
export async function shareLink(page: string, shared: Shared): Promise<string> {
  const packed = await drain(
    new Blob([shareJson(shared)]).stream().pipeThrough(new CompressionStream('deflate-raw')),
  );
  const url = new URL(page);
  url.hash = FRAGMENT + toBase64Url(packed);
  return url.href;
}

export type LinkReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'shared'; readonly shared: Shared }
  /** Cut short, changed on the way, or written by a later release. */
  | { readonly kind: 'broken' };

export async function readShareLink(hash: string): Promise<LinkReading> {
  if (!hash.startsWith(FRAGMENT)) return { kind: 'none' };
  try {
    const packed = new Blob([fromBase64Url(hash.slice(FRAGMENT.length))]).stream();
    const bytes = await drain(packed.pipeThrough(new DecompressionStream('deflate-raw')));
    const shared = readShareJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return shared ? { kind: 'shared', shared } : { kind: 'broken' };
  } catch {
    return { kind: 'broken' };
  }
}

async function drain(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (let { done, value } = await reader.read(); !done && value; { done, value } = await reader.read()) {
    size += value.byteLength;
    if (size > UNPACKED_LIMIT) {
      await reader.cancel();
      throw new RangeError(`More than ${UNPACKED_LIMIT} bytes.`);
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
}
