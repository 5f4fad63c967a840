import { downloadFile, HubApiError, listFiles } from '@huggingface/hub';
import { blobFile } from '../../src/weights/checkpoint/blob-source.ts';
import { ConversionError } from '../../src/weights/checkpoint/errors.ts';
import type { SourceFile } from '../../src/weights/checkpoint/source.ts';
import type { OpenFolder } from './folder-source.ts';

/** Names a checkpoint's parts may have; a repository's other files (pictures, papers) are never opened. */
const USED = /^(.*\.(json|safetensors|bin|model)|merges\.txt)$/;

/**
 * The files of a repository's top folder on the Hugging Face Hub, fetched part by part as they are read.
 * @throws ConversionError when the repository cannot be listed
 */
export async function openHubRepository(repository: string, signal: AbortSignal): Promise<OpenFolder> {
  const access = {
    repo: repository,
    ...(process.env.HF_ENDPOINT && { hubUrl: process.env.HF_ENDPOINT }),
    ...(process.env.HF_TOKEN && { accessToken: process.env.HF_TOKEN }),
    fetch: ((input, init) => fetch(input, { ...init, signal })) satisfies typeof fetch,
  };
  const source = new Map<string, SourceFile>();
  try {
    for await (const { type, path, size, oid } of listFiles(access)) {
      if (type !== 'file' || !USED.test(path)) continue;
      let opened: Promise<SourceFile> | undefined;
      source.set(path, {
        name: path,
        size,
        version: oid ?? '',
        async read(offset, length, readSignal) {
          opened ??= downloadFile({ ...access, path }).then((blob) => {
            if (!blob) throw failure(repository, `${path} is not there any more.`);
            return blobFile(path, blob, oid ?? '');
          });
          return (await opened).read(offset, length, readSignal);
        },
      });
    }
  } catch (cause) {
    if (cause instanceof ConversionError) throw cause;
    const reason =
      cause instanceof HubApiError && (cause.statusCode === 401 || cause.statusCode === 404)
        ? 'The Hub has no such repository, or it is private.'
        : `The Hub could not be reached (${cause instanceof Error ? cause.message : String(cause)}).`;
    throw failure(repository, reason, cause);
  }
  return { source, close: () => Promise.resolve() };
}

function failure(file: string, reason: string, cause?: unknown): ConversionError {
  return new ConversionError(
    'read-failed',
    { file, reason, next: 'Check the name and the connection (HF_TOKEN for private ones), and start again.' },
    { cause },
  );
}
