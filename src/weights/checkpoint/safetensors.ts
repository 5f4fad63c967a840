import { ConversionError, type ConversionReason } from './errors.ts';
import { isJsonObject, type SourceFile } from './source.ts';
import { DTYPE_BYTES, elementCount, type TensorEntry } from './tensor.ts';

/** LLaMA-2 70B's header has about 90 kB. The format allows 100 MB, which would cost several times that to parse. */
const HEADER_LIMIT = 16 * 2 ** 20;

function bad(file: SourceFile, reason: ConversionReason, tensor?: string): ConversionError {
  return new ConversionError('bad-header', {
    file: file.name,
    tensor,
    reason,
    next: 'download-header-again',
  });
}

/**
 * Reads and checks a safetensors header (https://huggingface.co/docs/safetensors: eight bytes of length, JSON, data).
 * @returns the tensors in the order of their data
 * @throws ConversionError `bad-header` for any header that does not describe the file exactly
 */
export async function readSafetensorsHeader(file: SourceFile, signal?: AbortSignal): Promise<TensorEntry[]> {
  if (file.size < 8) throw bad(file, { says: 'header-short', size: file.size });
  const prefix = await file.read(0, 8, signal);
  const headerLength = new DataView(prefix.buffer).getBigUint64(0, true);
  if (headerLength > BigInt(file.size - 8)) {
    throw bad(file, { says: 'header-beyond', claimed: headerLength, left: file.size - 8 });
  }
  if (headerLength > BigInt(HEADER_LIMIT)) {
    throw bad(file, { says: 'header-too-large', claimed: headerLength, limit: HEADER_LIMIT });
  }
  const dataStart = 8 + Number(headerLength);
  const header = parseHeader(file, await file.read(8, Number(headerLength), signal));
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(file, name, value, dataStart));
  tensors.sort((a, b) => a.offset - b.offset || a.end - b.end);
  let position = dataStart;
  for (const tensor of tensors) {
    if (tensor.offset < position) throw bad(file, { says: 'data-overlaps' }, tensor.name);
    if (tensor.offset > position) throw bad(file, { says: 'data-gap' }, tensor.name);
    position = tensor.end;
  }
  if (position !== file.size) {
    throw bad(file, { says: 'header-other-length', described: position, size: file.size });
  }
  return tensors.map(({ end: _, ...tensor }) => tensor);
}

function parseHeader(file: SourceFile, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw bad(file, { says: 'header-not-json' });
  }
  if (!isJsonObject(header)) throw bad(file, { says: 'header-not-an-object' });
  const twice = findDuplicateKey(text);
  if (twice !== undefined) throw bad(file, { says: 'header-key-twice', key: JSON.stringify(twice) });
  return header;
}

/**
 * JSON.parse keeps the last of two equal keys silently; here one of them would lie. `text` must be valid JSON. (A
 * regular expression for strings would run out of stack on one of a few megabytes.)
 */
function findDuplicateKey(text: string): string | undefined {
  const seen: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '{') seen.push(new Set());
    else if (letter === '}') seen.pop();
    else if (letter === '"') {
      const end = findEndOfString(text, at);
      if (/^\s*:/.test(text.slice(end, end + 100))) {
        const key = JSON.parse(text.slice(at, end)) as string;
        const keys = seen.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** @returns the position behind the quote that closes the string which begins at `start` */
function findEndOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function readEntry(
  file: SourceFile,
  name: string,
  value: unknown,
  dataStart: number,
): TensorEntry & { end: number } {
  if (!isJsonObject(value)) throw bad(file, { says: 'entry-not-an-object' }, name);
  const { dtype, shape, data_offsets: offsets } = value;
  const known = typeof dtype === 'string' && Object.hasOwn(DTYPE_BYTES, dtype);
  const elementBytes = known ? DTYPE_BYTES[dtype] : undefined;
  if (typeof dtype !== 'string' || elementBytes === undefined) {
    throw bad(file, { says: 'entry-format', dtype: JSON.stringify(dtype) }, name);
  }
  if (!isSizeList(shape)) throw bad(file, { says: 'entry-shape' }, name);
  if (!isSizeList(offsets) || offsets.length !== 2) throw bad(file, { says: 'entry-offsets' }, name);
  const [begin, end] = offsets as [number, number];
  if (begin > end || dataStart + end > file.size) {
    throw bad(file, { says: 'entry-outside', begin, end }, name);
  }
  if (elementCount(shape) * elementBytes !== end - begin) {
    throw bad(file, { says: 'entry-length', shape, dtype, length: end - begin }, name);
  }
  return { name, dtype, shape, file, offset: dataStart + begin, end: dataStart + end };
}

function isSizeList(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= 8 &&
    value.every((size) => Number.isSafeInteger(size) && size >= 0)
  );
}
