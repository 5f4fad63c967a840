import { pause } from './back-off.ts';
import type { Build, BuildFile } from './build.ts';
import { isDamage, WeightError } from './errors.ts';
import { FileWriter } from './file-writer.ts';
import { Interruption, openFile, type Patience } from './http.ts';
import { PART_BYTES } from './part-writer.ts';
import type { BuildStore } from './store.ts';

/**
 * Above this speed, in bytes a second, a file is fetched in slices of one part, which the browser puts together by
 * itself. That is less work, and it bounds the memory: of a stream, browsers take in what comes before anybody asks for
 * it, 20 MB a file at the speed of a local server. On slower networks a slice would be a long time without progress,
 * the wait for each answer would add up, and a broken connection would cost more.
 */
const FAST_BYTES_PER_SECOND = 32 * 2 ** 20;

/** How fast the network was of late; the transfers of one download share it. */
export class Pace {
  #bytesPerSecond: number | undefined;

  /** Bytes to ask for at once of a file of which `missing` are to come: one part at first, to learn the speed. */
  askFor(missing: number): number {
    return this.#bytesPerSecond === undefined || this.isFast ? Math.min(PART_BYTES, missing) : missing;
  }

  get isFast(): boolean {
    return (this.#bytesPerSecond ?? 0) > FAST_BYTES_PER_SECOND;
  }

  came(bytes: number, milliseconds: number): void {
    this.#bytesPerSecond = (bytes / Math.max(milliseconds, 1)) * 1000;
  }

  /** A connection broke: what comes now is better kept as it comes. */
  broke(): void {
    this.#bytesPerSecond = 0;
  }
}

/** How often a file whose checksum is wrong is fetched again before it is given up. */
const REFETCHES = 2;

export interface TransferOptions {
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly pace: Pace;
  /** Bytes of the file that are here; may fall when a server cannot continue or the bytes were wrong. */
  readonly onReceived: (bytes: number) => void;
  /** True while the transfer waits for another attempt. */
  readonly onWaiting: (waiting: boolean) => void;
}

/**
 * Brings one file into the store, verified; goes on where an earlier transfer stopped. Throws a WeightError when it
 * cannot be had, and the signal's reason when aborted; what is here by then is kept either way.
 */
export async function transfer(
  store: BuildStore,
  build: Build,
  file: BuildFile,
  options: TransferOptions,
): Promise<void> {
  const { signal, patience, pace, onReceived, onWaiting } = options;
  const writer = await FileWriter.resume(store, build, file);
  onReceived(writer.received);
  let attempt = 0;
  let refetched = 0;
  for (;;) {
    const before = writer.received;
    try {
      while (writer.received < file.nbytes) await receive(writer, file, options);
      await writer.finish();
      return;
    } catch (error) {
      if (error instanceof WeightError && isDamage(error.told)) {
        await writer.restart();
        onReceived(0);
        if (refetched++ < REFETCHES) continue;
        throw new WeightError('bad-file', {
          says: 'in-vain',
          file: file.name,
          damage: error.told,
          times: refetched,
        });
      }
      const passing = error instanceof Interruption;
      if (writer.received > before) attempt = 0;
      await writer.flush(!passing);
      if (!passing) throw error;
      if (attempt >= patience.attempts) throw error.reason;
      pace.broke();
      onWaiting(true);
      await pause(attempt++, error.wait, patience, signal).finally(() => {
        onWaiting(false);
      });
    }
  }
}

/** Brings one slice of the file, or all that is missing. */
async function receive(
  writer: FileWriter,
  file: BuildFile,
  { signal, patience, pace, onReceived }: TransferOptions,
): Promise<void> {
  const started = performance.now();
  const { received } = writer;
  const { isFast } = pace;
  const asked = pace.askFor(file.nbytes - received);
  const length = asked < file.nbytes ? asked : undefined;
  const opened = await openFile(file.url, file.name, received, patience, signal, length);
  // A server without Range sends the file from its start.
  if (opened.start !== writer.received) await writer.restart();
  if (opened.start !== writer.received || (opened.total ?? file.nbytes) !== file.nbytes)
    throw new WeightError('bad-file', {
      says: 'other-length-offered',
      file: file.name,
      offered: opened.total,
      announced: file.nbytes,
    });
  if (opened.blob && isFast) {
    await writer.writeBlob(await opened.blob());
    onReceived(writer.received);
  } else {
    for await (const chunk of opened.body) {
      await writer.write(chunk);
      onReceived(writer.received);
    }
  }
  if (writer.received < (opened.blob ? received + asked : file.nbytes))
    throw new Interruption(
      new WeightError('unreachable', {
        says: 'ended-early',
        file: file.name,
        received: writer.received,
        announced: file.nbytes,
      }),
    );
  pace.came(writer.received - received, performance.now() - started);
}
