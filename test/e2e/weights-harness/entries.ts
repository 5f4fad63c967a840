/** What the weight store's databases hold, past the store itself. */
export interface Entry {
  readonly key: readonly string[];
  readonly value: unknown;
}

const settled = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new Error('The request failed.'));
    };
  });

async function inEach<T>(work: (store: IDBObjectStore) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const { name = '' } of await indexedDB.databases()) {
    if (!name.startsWith('metaaligner-weights')) continue;
    const database = await settled(indexedDB.open(name));
    results.push(await work(database.transaction('entries', 'readwrite').objectStore('entries')));
    database.close();
  }
  return results;
}

/** Every entry of every database. */
export async function readEntries(): Promise<Entry[]> {
  const entries = await inEach(async (store) => {
    const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
    return keys.map((key, i): Entry => ({ key: key as string[], value: values[i] as unknown }));
  });
  return entries.flat();
}

/** Puts zeros in the place of one part of a file. */
export async function damagePart(model: string, file: string, part: number): Promise<void> {
  await inEach(async (store) => {
    for (const key of (await settled(store.getAllKeys())) as (string | number)[][])
      if (key[0] === 'part' && key[1] === model && key[3] === file && key[4] === part) {
        const { size } = (await settled(store.get(key))) as Blob;
        await settled(store.put(new Blob([new Uint8Array(size)]), key));
      }
  });
}

/** Deletes every entry of one file. */
export async function loseFile(model: string, file: string): Promise<void> {
  await inEach(async (store) => {
    for (const key of (await settled(store.getAllKeys())) as string[][])
      if (key[1] === model && key[3] === file) await settled(store.delete(key));
  });
}
