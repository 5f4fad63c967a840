import { HubApiError, listFiles } from '@huggingface/hub';
import { isBusyStatus, readWait } from '../../src/weights/back-off.ts';
import { ConversionError } from '../../src/weights/checkpoint/errors.ts';
import { HUB, hubFiles } from '../../src/weights/checkpoint/hub-source.ts';
import { TransientFailure, withRetries } from '../../src/weights/checkpoint/retry.ts';
import type { OpenFolder } from './folder-source.ts';

/**
 * The files of a repository's top folder on the Hugging Face Hub, fetched part by part as they are read. (Not with the
 * package's own download: it asks the Hub anew for each part, and the Hub answers 3,000 of those in five minutes.)
 * @throws ConversionError when the repository cannot be listed
 */
export async function openHubRepository(repository: string, signal: AbortSignal): Promise<OpenFolder> {
  const { HF_ENDPOINT, HF_TOKEN } = process.env;
  const hubUrl = HF_ENDPOINT?.replace(/\/$/, '') || HUB;
  const request = { repo: repository, hubUrl, fetch: fetchOnce, ...(HF_TOKEN && { accessToken: HF_TOKEN }) };
  try {
    const list = await withRetries(async () => {
      const files = [];
      for await (const file of listFiles(request)) files.push(file);
      return files;
    }, signal);
    const headers = HF_TOKEN ? { Authorization: `Bearer ${HF_TOKEN}` } : undefined;
    return { source: hubFiles(list, repository, hubUrl, headers), close: () => Promise.resolve() };
  } catch (cause) {
    signal.throwIfAborted();
    throw describeFailure(repository, cause);
  }

  /** Marks what another try may mend: connections that broke and answers of a busy server. */
  async function fetchOnce(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const response = await fetch(input, { ...init, signal }).catch((cause: unknown) => {
      throw new TransientFailure({ says: 'connection-failed' }, undefined, { cause });
    });
    if (!isBusyStatus(response.status)) return response;
    const of = response.url;
    throw new TransientFailure({ says: 'status', status: response.status, of }, readWait(response.headers));
  }
}

function describeFailure(file: string, cause: unknown): ConversionError {
  const missing = cause instanceof HubApiError && [401, 403, 404].includes(cause.statusCode);
  const detail = cause instanceof Error ? cause.message : String(cause);
  const reason = missing
    ? ({ says: 'no-repository' } as const)
    : cause instanceof TransientFailure
      ? cause.reason
      : ({ says: 'hub-unreadable', detail } as const);
  return new ConversionError('read-failed', { file, reason, next: 'check-hub' }, { cause });
}
