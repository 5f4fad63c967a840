import { ConversionError } from './errors.ts';
import { fetchBody, httpFile } from './http-source.ts';
import { isJsonObject, type Source, type SourceFile } from './source.ts';

const HUB = 'https://huggingface.co';

/** Names that a checkpoint's parts have; a repository's other files (pictures, papers) are never opened. */
export const CHECKPOINT_FILES = /^([\w.-]+\.(json|safetensors|bin|model)|merges\.txt)$/;

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
  const body = await fetchBody(repository, `${hub}/api/models/${repository}/tree/main`, signal);
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
  const source = new Map<string, SourceFile>();
  for (const entry of list.filter(isJsonObject)) {
    const { type, path, size, oid } = entry;
    if (
      type !== 'file' ||
      typeof path !== 'string' ||
      typeof size !== 'number' ||
      !CHECKPOINT_FILES.test(path)
    )
      continue;
    const url = `${hub}/${repository}/resolve/main/${path}`;
    source.set(path, httpFile({ name: path, url, size, version: String(oid) }));
  }
  return source;
}
