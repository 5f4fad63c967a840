import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ConversionError, type ConversionReason } from '../../src/weights/checkpoint/errors.ts';
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
        async read(offset, length, signal, into) {
          signal?.throwIfAborted();
          handle ??= open(path).then((opened) => (handles.push(opened), opened));
          return readExactly(await handle.catch(fail), entry.name, offset, length, into);
          function fail(cause: unknown): never {
            throw readFailure(entry.name, { says: 'not-opened', detail: detailOf(cause) }, cause);
          }
        },
      });
    }
  } catch (cause) {
    throw readFailure(folder, { says: 'unreadable-folder', detail: detailOf(cause) }, cause);
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
  into?: ArrayBuffer,
): Promise<Uint8Array<ArrayBuffer>> {
  const memory = into && into.byteLength >= length ? into : new ArrayBuffer(length);
  const bytes = new Uint8Array(memory, 0, length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle
      .read(bytes, done, length - done, offset + done)
      .catch((cause: unknown) => {
        throw readFailure(name, { says: 'unreadable', detail: detailOf(cause) }, cause);
      });
    if (bytesRead === 0) throw readFailure(name, { says: 'ends-early', missing: length - done });
    done += bytesRead;
  }
  return bytes;
}

function detailOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function readFailure(file: string, reason: ConversionReason, cause?: unknown): ConversionError {
  return new ConversionError(
    'read-failed',
    {
      file,
      reason,
      next: 'check-permissions',
    },
    { cause },
  );
}
