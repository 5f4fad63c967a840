import { WeightError } from './errors.ts';

/** Browsers slow down or evict when a site fills its quota to the last byte; so much of it is left free, in bytes. */
const MARGIN = 8 * 2 ** 20;

/** More than any disk quota: where a file of this size "fits", sizes are not checked at all (a private window). */
const ABSURD_BYTES = 2 ** 53 - 2 ** 20;

/** How much this site stores and may store, in bytes, and whether the browser may clear it on its own. */
export interface Room {
  readonly usage: number;
  readonly quota: number;
  readonly persistent: boolean;
}

export async function measureRoom(): Promise<Room> {
  const { usage = 0, quota = 0 } = await navigator.storage.estimate();
  return { usage, quota, persistent: await navigator.storage.persisted() };
}

/** Throws a WeightError that says how much is missing when `bytes` more do not fit. Runs in a worker. */
export async function requireRoom(bytes: number): Promise<void> {
  const needed = bytes + MARGIN;
  const { usage, quota } = await measureRoom();
  const free = Math.min(Math.max(0, quota - usage), await probeRoom(needed));
  if (free >= needed) return;
  throw new WeightError('no-room', { says: 'no-room', needed: bytes, free, missing: needed - free });
}

/**
 * How many of `needed` bytes really fit. Chromium answers `estimate()` with 10 GiB more than is used, whatever there
 * is, so that sites cannot measure the disk (seen in version 156). An empty file of the private file system that is
 * set to a size is checked against the real quota, and takes no room on the disk. Chromium rounds that size up, to a
 * power of two and beyond 128 MiB to a multiple of it, so the answer may be too small by so much, never too large.
 */
async function probeRoom(needed: number): Promise<number> {
  const name = 'room-probe';
  try {
    const folder = await navigator.storage.getDirectory();
    const file = (await folder.getFileHandle(name, { create: true })) as unknown as SyncFileHandle;
    const handle = await file.createSyncAccessHandle();
    const fits = (size: number) => {
      try {
        handle.truncate(size);
        return true;
      } catch {
        return false;
      }
    };
    try {
      if (fits(ABSURD_BYTES) || fits(needed)) return needed;
      let [low, high] = [0, needed];
      while (high - low > MARGIN / 8) {
        const middle = Math.floor((low + high) / 2);
        if (fits(middle)) low = middle;
        else high = middle;
      }
      return low;
    } finally {
      handle.truncate(0);
      handle.close();
      await folder.removeEntry(name);
    }
  } catch {
    // No such file system here, or another tab measures at this moment: the estimate has to do.
    return needed;
  }
}

/** What workers have beyond the pages' FileSystemFileHandle. */
interface SyncFileHandle {
  createSyncAccessHandle(): Promise<{ truncate(size: number): void; close(): void }>;
}
