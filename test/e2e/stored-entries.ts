import type { Page } from '@playwright/test';

/** What the weight store of the built page holds, straight from the browser's databases. */
export interface StoredEntries {
  readonly keys: readonly string[];
  /** Bytes of each file by its name, from all of its parts. */
  readonly files: Readonly<Record<string, Buffer>>;
}

/** Reads the entries of one build, or of every build that there is. */
export async function readStoredEntries(page: Page, id?: string): Promise<StoredEntries> {
  const { keys, files } = await page.evaluate(async (wanted) => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve) => (request.onsuccess = () => resolve(request.result)));
    const keys: string[] = [];
    const parts = new Map<string, Blob[]>();
    for (const { name: databaseName = '' } of await indexedDB.databases()) {
      if (!databaseName.startsWith('metaaligner-weights')) continue;
      const database = await done(indexedDB.open(databaseName));
      const store = database.transaction('entries').objectStore('entries');
      const [found, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
      database.close();
      for (const [i, key] of (found as string[][]).entries()) {
        const [kind, build, , name = ''] = key;
        if (wanted !== undefined && build !== wanted) continue;
        keys.push(key.join(' '));
        if (kind === 'part') parts.set(name, [...(parts.get(name) ?? []), values[i] as Blob]);
      }
    }
    const files: Record<string, string> = {};
    for (const [name, blobs] of parts) {
      const reader = new FileReader();
      reader.readAsDataURL(new Blob(blobs));
      await new Promise((resolve) => (reader.onload = resolve));
      files[name] = (reader.result as string).split(',')[1] ?? '';
    }
    return { keys, files };
  }, id);
  const decoded = Object.entries(files).map(([name, base64]) => [name, Buffer.from(base64, 'base64')]);
  return { keys, files: Object.fromEntries(decoded) as Record<string, Buffer> };
}
