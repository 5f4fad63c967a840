import { ConversionError } from './errors.ts';
import type { SourceFile } from './source.ts';

/**
 * A checkpoint file held by a Blob: one that the person chose, or one that fetches its parts when they are read.
 * @param version differs when the content may differ; a File's modification time by default
 */
export function blobFile(name: string, blob: Blob, version?: string): SourceFile {
  return {
    name,
    size: blob.size,
    version: version ?? (blob instanceof File ? String(blob.lastModified) : ''),
    async read(offset, length, signal) {
      signal?.throwIfAborted();
      let buffer: ArrayBuffer;
      try {
        buffer = await blob.slice(offset, offset + length).arrayBuffer();
      } catch (cause) {
        throw readFailure(name, 'It could not be read.', cause);
      }
      if (buffer.byteLength !== length) {
        throw readFailure(name, `It ends ${length - buffer.byteLength} bytes too early.`);
      }
      return new Uint8Array(buffer);
    },
  };
}

function readFailure(file: string, reason: string, cause?: unknown): ConversionError {
  return new ConversionError(
    'read-failed',
    { file, reason, next: 'Check that it was not moved or changed meanwhile, and start again.' },
    { cause },
  );
}
