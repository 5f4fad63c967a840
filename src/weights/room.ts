import { WeightError } from './errors.ts';

/** Browsers slow down or evict when a site fills its quota to the last byte; so much of it is left free, in bytes. */
const MARGIN = 32 * 2 ** 20;

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

/** Throws a WeightError that says how much is missing when `bytes` more do not fit. */
export async function requireRoom(bytes: number): Promise<void> {
  const { usage, quota } = await measureRoom();
  const missing = bytes + MARGIN - (quota - usage);
  if (missing <= 0) return;
  throw new WeightError(
    'no-room',
    `The download needs ${megabytes(bytes)} MB and the browser allows this site ${megabytes(Math.max(0, quota - usage))} MB more: ` +
      `${megabytes(missing)} MB are missing. Free some disk space or delete another model. Nothing was downloaded.`,
  );
}

/** Millions of bytes, rounded up. */
function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
