import { downloadFile, HubApiError, listFiles } from '@huggingface/hub';
import { blobFile } from '../../src/weights/checkpoint/blob-source.ts';
import { ConversionError, type ConversionReason } from '../../src/weights/checkpoint/errors.ts';
import { CHECKPOINT_FILES } from '../../src/weights/checkpoint/hub-source.ts';
import { isBusyStatus, TransientFailure, withRetries } from '../../src/weights/checkpoint/retry.ts';
import type { SourceFile } from '../../src/weights/checkpoint/source.ts';
import type { OpenFolder } from './folder-source.ts';

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
  const retried = async <T>(file: string, action: () => Promise<T>): Promise<T> => {
    try {
      return await withRetries(() => action().catch(markTransient), signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw describeFailure(file, cause);
    }
  };
  const list = await retried(repository, async () => {
    const files = [];
    for await (const file of listFiles(access)) files.push(file);
    return files;
  });
  const source = new Map<string, SourceFile>();
  for (const { type, path, size, oid } of list) {
    if (type !== 'file' || !CHECKPOINT_FILES.test(path)) continue;
    let opened: SourceFile | undefined;
    source.set(path, {
      name: path,
      size,
      version: oid ?? '',
      read: (offset, length) =>
        retried(path, async () => {
          opened ??= blobFile(path, await open(path), oid ?? '');
          return opened.read(offset, length);
        }),
    });
  }
  return { source, close: () => Promise.resolve() };

  async function open(path: string): Promise<Blob> {
    // Plain Range requests: the chunk protocol would fetch far more than one block at a time.
    const blob = await downloadFile({ ...access, path, xet: false });
    if (!blob) throw describeFailure(path, new Error('it is not there any more'));
    return blob;
  }
}

/** Sorts out what another try may mend: answers of a busy server and connections that broke. */
function markTransient(error: unknown): never {
  const cause = error instanceof ConversionError ? error.cause : error;
  if (cause instanceof HubApiError ? isBusyStatus(cause.statusCode) : cause instanceof TypeError) {
    throw new TransientFailure({ says: 'hub-unreadable', detail: String(cause) }, undefined, { cause });
  }
  throw error;
}

function describeFailure(file: string, error: unknown): ConversionError {
  const cause = error instanceof TransientFailure ? error.cause : error;
  if (cause instanceof ConversionError && !cause.cause) return cause;
  const status = cause instanceof HubApiError ? cause.statusCode : undefined;
  const detail = cause instanceof Error ? cause.message : String(cause);
  const reason: ConversionReason =
    status === 401 || status === 404 ? { says: 'no-repository' } : { says: 'hub-unreadable', detail };
  return new ConversionError('read-failed', { file, reason, next: 'check-hub' }, { cause });
}
