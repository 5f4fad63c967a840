import { ConversionError } from './errors.ts';
import { fetchBody, httpFile } from './http-source.ts';
import { isJsonObject, type Source, type SourceFile } from './source.ts';

export const HUB = 'https://huggingface.co';

/** Names that a checkpoint's parts have; a repository's other files (pictures, papers) are never opened. */
const CHECKPOINT_FILES = /^([\w.-]+\.(json|safetensors|bin|model)|merges\.txt)$/;

/**
 * The files of a repository's top folder on the Hugging Face Hub, for reading part by part in the browser.
 * @param repository `owner/name`
 * @param hub address of the Hub or of something that answers like it
 * @throws ConversionError when the repository cannot be listed
 */
export async function openHubCheckpoint(
  repository: string,
  hub = HUB,
  signal?: AbortSignal,
): Promise<Source> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new ConversionError('bad-option', {
      reason: { says: 'no-repository-name', name: repository },
      next: 'owner-and-name',
    });
  }
  const body = await fetchBody(repository, `${hub}/api/models/${repository}/tree/main`, signal).catch(
    (error: unknown) => {
      throw isRefusal(error) ? noRepository(repository, error) : error;
    },
  );
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder().decode(body));
  } catch {
    list = undefined;
  }
  if (!Array.isArray(list)) {
    throw new ConversionError('read-failed', {
      file: repository,
      reason: { says: 'no-file-list' },
      next: 'check-repository',
    });
  }
  return hubFiles(list, repository, hub);
}

/**
 * The files of a repository that a checkpoint consists of, out of the Hub's list of its top folder.
 * @param headers that prove who asks
 */
export function hubFiles(
  list: readonly unknown[],
  repository: string,
  hub: string,
  headers?: Readonly<Record<string, string>>,
): Source {
  const source = new Map<string, SourceFile>();
  for (const entry of list.filter(isJsonObject)) {
    const { type, path, size, oid } = entry;
    if (type !== 'file' || typeof path !== 'string' || typeof size !== 'number') continue;
    if (!CHECKPOINT_FILES.test(path)) continue;
    const url = `${hub}/${repository}/resolve/main/${path}`;
    source.set(path, httpFile({ name: path, url, size, version: String(oid), headers }));
  }
  return source;
}

/** The Hub answers alike for what is not there and what is private. */
function isRefusal(error: unknown): error is ConversionError {
  if (!(error instanceof ConversionError)) return false;
  const { reason } = error.details;
  return 'status' in reason && [401, 403, 404].includes(reason.status);
}

function noRepository(file: string, cause: ConversionError): ConversionError {
  const details = { file, reason: { says: 'no-repository' }, next: 'check-repository' } as const;
  return new ConversionError('read-failed', details, { cause });
}
