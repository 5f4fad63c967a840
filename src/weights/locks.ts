/** Names of the Web Locks through which the tabs agree; `id` is the build's. */

/** Held (shared) by an engine while it may read a model's files. */
export function useLock(id: string): string {
  return `metaaligner-use:${id}`;
}

/** Held by the tab that changes a model's files. */
export function workLock(id: string): string {
  return `metaaligner-work:${id}`;
}
