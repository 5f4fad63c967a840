import {
  clear,
  createStore,
  delMany,
  entries,
  get,
  promisifyRequest,
  set,
  setMany,
  type UseStore,
} from 'idb-keyval';
import { StorageError } from './errors.ts';

/**
 * Values of one kind in an IndexedDB database of their own. Every method rejects with a StorageError when the browser
 * refuses; what was there before is then untouched.
 */
export class Table<Value> {
  readonly #use: UseStore;

  constructor(name: string) {
    // The database opens at the first use. Where a browser has no IndexedDB at all, that throws rather than rejects.
    const use = createStore(`metaaligner-${name}`, name);
    this.#use = async (mode, callback) => {
      try {
        return await use(mode, (store) => {
          try {
            const result = callback(store);
            // Every verb has asked for all it wants by now. Not waiting for more saves what a closing page writes last.
            if (mode === 'readwrite') store.transaction.commit();
            return result;
          } catch (error) {
            // A value that can't be stored throws at once, and what was asked before it would be committed.
            store.transaction.abort();
            throw error;
          }
        });
      } catch (cause) {
        throw new StorageError(cause);
      }
    };
  }

  get(key: IDBValidKey): Promise<Value | undefined> {
    return get<Value>(key, this.#use);
  }

  entries(): Promise<[IDBValidKey, Value][]> {
    return entries<IDBValidKey, Value>(this.#use);
  }

  put(key: IDBValidKey, value: Value): Promise<void> {
    return set(key, value, this.#use);
  }

  /** Writes all of them or, when one fails, none. */
  putAll(values: [IDBValidKey, Value][]): Promise<void> {
    return setMany(values, this.#use);
  }

  /** Lets go of everything that was there and writes these, in one step. */
  replaceAll(values: [IDBValidKey, Value][]): Promise<void> {
    return this.#use('readwrite', (store) => {
      store.clear();
      for (const [key, value] of values) store.put(value, key);
      return promisifyRequest(store.transaction);
    });
  }

  remove(keys: IDBValidKey[]): Promise<void> {
    return delMany(keys, this.#use);
  }

  clear(): Promise<void> {
    return clear(this.#use);
  }
}
