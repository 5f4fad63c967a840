import { type Build, type BuildFile, totalBytes } from './build.ts';
import { startDigests } from './digest.ts';
import { type Progress, ProgressReport } from './progress.ts';
import { type BuildStore, isStored } from './store.ts';

/**
 * Reads every stored file of a build again and compares it with its digests; a file that is not right is dropped,
 * so that the next `acquire` fetches it alone. Returns the names of the files that are missing now.
 */
export async function dropDamaged(
  store: BuildStore,
  build: Build,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<string[]> {
  const report = new ProgressReport('checking', totalBytes(build.files), onProgress);
  const records = await store.files(build.id, build.revision);
  const missing: string[] = [];
  for (const file of build.files) {
    signal.throwIfAborted();
    const sound =
      isStored(file, records) &&
      (await isSound(store, build, file, signal, (bytes) => {
        report.set(file.name, bytes);
      }));
    report.set(file.name, file.nbytes);
    if (sound) continue;
    missing.push(file.name);
    if (records.get(file.name)?.verified === true) await store.dropFile(build.id, build.revision, file.name);
  }
  return missing;
}

async function isSound(
  store: BuildStore,
  build: Build,
  file: BuildFile,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<boolean> {
  const blob = await store.open(build.id, build.revision, file.name);
  if (blob?.size !== file.nbytes) return false;
  const digests = await startDigests(file);
  let done = 0;
  try {
    for await (const chunk of blob.stream()) {
      signal.throwIfAborted();
      digests.update(chunk);
      done += chunk.byteLength;
      onBytes(done);
    }
  } catch {
    signal.throwIfAborted();
    return false; // The browser cannot read its own copy any more.
  }
  return digests.mismatch() === undefined;
}
