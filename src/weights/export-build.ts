import type { ArchiveFile } from './convert/tar.ts';
import { WeightError } from './errors.ts';
import type { BuildStore } from './store.ts';

/** All files of a finished build, by reference to where they are stored. @throws WeightError `not-stored` */
export async function openBuildFiles(store: BuildStore, id: string): Promise<ArchiveFile[]> {
  const build = await store.build(id, 'ready');
  const files: ArchiveFile[] = [];
  for (const { name } of build?.files ?? []) {
    const content = build && (await store.open(id, build.revision, name));
    if (!content) throw new WeightError('not-stored', { says: 'missing-for-saving', file: name });
    files.push({ name, content });
  }
  return files;
}
