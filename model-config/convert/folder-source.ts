import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ConversionError } from '../../src/weights/checkpoint/errors.ts';
import type { Source, SourceFile } from '../../src/weights/checkpoint/source.ts';

export interface OpenFolder {
  source: Source;
  close(): Promise<void>;
}

/** The files of a folder on disk (not of its subfolders). @throws ConversionError when it cannot be read */
export async function openFolder(folder: string): Promise<OpenFolder> {
  const handles: FileHandle[] = [];
  const source = new Map<string, SourceFile>();
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const info = await stat(path);
      if (!info.isFile()) continue;
      let handle: Promise<FileHandle> | undefined;
      source.set(entry.name, {
        name: entry.name,
        size: info.size,
        version: String(info.mtimeMs),
        async read(offset, length, signal) {
          signal?.throwIfAborted();
          handle ??= open(path).then((opened) => (handles.push(opened), opened));
          return readExactly(await handle.catch(fail), entry.name, offset, length);
          function fail(cause: unknown): never {
            throw readFailure(entry.name, 'It cannot be opened.', cause);
          }
        },
      });
    }
  } catch (cause) {
    throw readFailure(folder, 'The folder cannot be read.', cause);
  }
  return {
    source,
    async close() {
      await Promise.all(handles.map((handle) => handle.close()));
    },
  };
}

async function readExactly(
  handle: FileHandle,
  name: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle
      .read(bytes, done, length - done, offset + done)
      .catch((cause: unknown) => {
        throw readFailure(name, 'It cannot be read.', cause);
      });
    if (bytesRead === 0) throw readFailure(name, `It ends ${length - done} bytes too early.`);
    done += bytesRead;
  }
  return bytes;
}

function readFailure(file: string, reason: string, cause?: unknown): ConversionError {
  const detail = cause instanceof Error ? ` (${cause.message})` : '';
  return new ConversionError(
    'read-failed',
    {
      file,
      reason: reason.replace(/\.$/, `${detail}.`),
      next: 'Check the file and its permissions, and start again.',
    },
    { cause },
  );
}
