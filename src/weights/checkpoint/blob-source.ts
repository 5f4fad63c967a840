import { ConversionError, type ConversionReason } from './errors.ts';
import { readStream } from './read-stream.ts';
import type { Source, SourceFile } from './source.ts';

/** A file held by a Blob, such as one that the person chose. */
export function blobFile(name: string, blob: Blob, version = ''): SourceFile {
  return {
    name,
    size: blob.size,
    version,
    async read(offset, length, signal, into) {
      signal?.throwIfAborted();
      const stream = blob.slice(offset, offset + length).stream();
      const { bytes, found } = await readStream(stream, length, into).catch((cause: unknown) => {
        throw readFailure(name, { says: 'unreadable', detail: '' }, cause);
      });
      if (found !== length) throw readFailure(name, { says: 'ends-early', missing: length - found });
      return bytes;
    },
  };
}

/** A file that the person chose, with its path inside the folder that they chose. */
export interface ChosenFile {
  readonly path: string;
  readonly file: File;
}

/**
 * The files of a checkpoint or a model build out of what the person chose or dropped: those beside the config.json or
 * mlc-chat-config.json that lies least deep.
 * @throws ConversionError `missing-file` when there is none
 */
export function openChosenFiles(files: readonly ChosenFile[]): Source {
  const split = files.map(({ path, file }) => {
    const at = path.lastIndexOf('/') + 1;
    return { folder: path.slice(0, at), name: path.slice(at), file };
  });
  const [folder] = split
    .filter(({ name }) => name === 'config.json' || name === 'mlc-chat-config.json')
    .map((entry) => entry.folder)
    .sort((a, b) => a.split('/').length - b.split('/').length);
  if (folder === undefined) {
    throw new ConversionError('missing-file', {
      reason: { says: 'neither-config' },
      next: 'choose-folder',
    });
  }
  return new Map(
    split
      .filter((entry) => entry.folder === folder)
      .map(({ name, file }) => [name, blobFile(name, file, String(file.lastModified))]),
  );
}

function readFailure(file: string, reason: ConversionReason, cause?: unknown): ConversionError {
  return new ConversionError('read-failed', { file, reason, next: 'check-not-moved' }, { cause });
}
