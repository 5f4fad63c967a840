import { ConversionError } from './errors.ts';

/** One file of a checkpoint, wherever it lies: a disk, a Blob, a server that answers Range requests. */
export interface SourceFile {
  /** Name inside the checkpoint, e.g. `model-00001-of-00002.safetensors`. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Differs when the content may differ (ETag, modification time); decides whether an interrupted run goes on. */
  readonly version: string;
  /**
   * Reads exactly `length` bytes from `offset`.
   * @param into memory that the caller gives away; used where it is large enough and the platform can
   * @returns an array at the start of a buffer that is the caller's alone, so that it may be transferred to a worker
   * @throws ConversionError `read-failed`
   */
  read(
    offset: number,
    length: number,
    signal?: AbortSignal,
    into?: ArrayBuffer,
  ): Promise<Uint8Array<ArrayBuffer>>;
}

/** A checkpoint's files by name. Nothing outside this map is ever opened, whatever an index file says. */
export type Source = ReadonlyMap<string, SourceFile>;

/** JSON and vocabulary files of a real checkpoint are far below this; weights never pass through `readWhole`. */
const WHOLE_FILE_LIMIT = 64 * 2 ** 20;

/** Reads a small file whole. @throws ConversionError when it is larger than 64 MiB */
export async function readWhole(file: SourceFile, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > WHOLE_FILE_LIMIT) {
    throw new ConversionError('bad-file', {
      file: file.name,
      reason: { says: 'too-large', size: file.size, limit: WHOLE_FILE_LIMIT },
      next: 'check-files',
    });
  }
  return file.read(0, file.size, signal);
}

/** A JSON object's fields, not yet checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a file that must hold one JSON object. @throws ConversionError naming the file */
export async function readJsonObject(file: SourceFile, signal?: AbortSignal): Promise<JsonObject> {
  const bytes = await readWhole(file, signal);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ConversionError(
      'bad-file',
      { file: file.name, reason: { says: 'not-json' }, next: 'download-or-save-again' },
      { cause },
    );
  }
  if (!isJsonObject(value)) {
    throw new ConversionError('bad-file', {
      file: file.name,
      reason: { says: 'not-an-object' },
      next: 'download-or-save-again',
    });
  }
  return value;
}
