import { ConversionError } from './errors.ts';
import { isJsonObject, type SourceFile } from './source.ts';
import { DTYPE_BYTES, elementCount, type TensorEntry } from './tensor.ts';

/** LLaMA-2 70B's header has about 90 kB. The format allows 100 MB, which would cost several times that to parse. */
const HEADER_LIMIT = 16 * 2 ** 20;

function bad(file: SourceFile, reason: string, tensor?: string): ConversionError {
  return new ConversionError('bad-header', {
    file: file.name,
    tensor,
    reason,
    next: 'The file is damaged or incomplete: download it again.',
  });
}

/**
 * Reads and checks a safetensors header (https://huggingface.co/docs/safetensors: eight bytes of length, JSON, data).
 * @returns the tensors in the order of their data
 * @throws ConversionError `bad-header` for any header that does not describe the file exactly
 */
export async function readSafetensorsHeader(file: SourceFile, signal?: AbortSignal): Promise<TensorEntry[]> {
  if (file.size < 8) throw bad(file, `The file has ${file.size} bytes, too few for a safetensors header.`);
  const prefix = await file.read(0, 8, signal);
  const headerLength = new DataView(prefix.buffer).getBigUint64(0, true);
  if (headerLength > BigInt(file.size - 8)) {
    throw bad(file, `The header claims ${headerLength} bytes, but only ${file.size - 8} follow.`);
  }
  if (headerLength > BigInt(HEADER_LIMIT)) {
    throw bad(file, `The header claims ${headerLength} bytes; more than ${HEADER_LIMIT} are not read.`);
  }
  const dataStart = 8 + Number(headerLength);
  const header = parseHeader(file, await file.read(8, Number(headerLength), signal));
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(file, name, value, dataStart));
  tensors.sort((a, b) => a.offset - b.offset || a.end - b.end);
  let position = dataStart;
  for (const tensor of tensors) {
    if (tensor.offset < position) throw bad(file, 'Its data overlaps that of another tensor.', tensor.name);
    if (tensor.offset > position) throw bad(file, 'There is a gap before its data.', tensor.name);
    position = tensor.end;
  }
  if (position !== file.size) {
    throw bad(file, `The header describes ${position} bytes, but the file has ${file.size}.`);
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
    throw bad(file, 'The header is not valid JSON.');
  }
  if (!isJsonObject(header)) throw bad(file, 'The header is not a JSON object.');
  const twice = findDuplicateKey(text);
  if (twice !== undefined) throw bad(file, `The header has the key ${JSON.stringify(twice)} twice.`);
  return header;
}

/** JSON.parse keeps the last of two equal keys silently; here one of them would lie. `text` must be valid JSON. */
function findDuplicateKey(text: string): string | undefined {
  const seen: Set<string>[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;
  for (const [found, colon] of text.matchAll(token)) {
    if (found === '{') seen.push(new Set());
    else if (found === '}') seen.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(found.slice(0, -colon.length)) as string;
      const keys = seen.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

function readEntry(
  file: SourceFile,
  name: string,
  value: unknown,
  dataStart: number,
): TensorEntry & { end: number } {
  if (!isJsonObject(value)) throw bad(file, 'Its header entry is not an object.', name);
  const { dtype, shape, data_offsets: offsets } = value;
  const elementBytes = typeof dtype === 'string' ? DTYPE_BYTES[dtype] : undefined;
  if (typeof dtype !== 'string' || elementBytes === undefined) {
    throw bad(file, `Its number format ${JSON.stringify(dtype)} is unknown.`, name);
  }
  if (!isSizeList(shape)) throw bad(file, 'Its shape is not a list of sizes.', name);
  if (!isSizeList(offsets) || offsets.length !== 2)
    throw bad(file, 'Its data_offsets are not two positions.', name);
  const [begin, end] = offsets as [number, number];
  if (begin > end || dataStart + end > file.size) {
    throw bad(file, `Its data_offsets [${begin}, ${end}] lie outside the file.`, name);
  }
  if (elementCount(shape) * elementBytes !== end - begin) {
    throw bad(
      file,
      `Its shape [${shape.join(', ')}] of ${dtype} doesn't fill its ${end - begin} bytes.`,
      name,
    );
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
