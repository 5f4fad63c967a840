import { createMD5, createSHA256 } from 'hash-wasm';
import type { Mismatch } from '../domain/texts/weights.en.ts';
import type { BuildFile } from './build.ts';

/** What a digest is compared with: the announced digests of a file, hex, either or both. */
export type Expected = Pick<BuildFile, 'md5' | 'sha256'>;

/** The digests of a file, taken while it streams by. */
export interface Digests {
  update(chunk: Uint8Array): void;
  /** Ends the stream. Returns what differs, or undefined when every announced digest is right. */
  mismatch(): Mismatch | undefined;
}

/** Starts the digests that `expected` announces. */
export async function startDigests(expected: Expected): Promise<Digests> {
  const md5 = expected.md5 === undefined ? undefined : (await createMD5()).init();
  const sha256 = expected.sha256 === undefined ? undefined : (await createSHA256()).init();
  return {
    update(chunk) {
      md5?.update(chunk);
      sha256?.update(chunk);
    },
    mismatch() {
      for (const [algorithm, hasher, wanted] of [
        ['SHA-256', sha256, expected.sha256],
        ['MD5', md5, expected.md5],
      ] as const) {
        const found = hasher?.digest('hex');
        if (found !== undefined && found !== wanted?.toLowerCase())
          return { algorithm, found, announced: wanted ?? '' };
      }
      return undefined;
    },
  };
}

/** SHA-256 of a whole file in memory, hex. */
export async function sha256(content: Uint8Array): Promise<string> {
  return (await createSHA256()).init().update(content).digest('hex');
}
