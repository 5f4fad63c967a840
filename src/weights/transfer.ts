import { pause } from './back-off.ts';
import type { Build, BuildFile } from './build.ts';
import { isDamage, WeightError } from './errors.ts';
import { FileWriter } from './file-writer.ts';
import { Interruption, openFile, type Patience } from './http.ts';
import type { BuildStore } from './store.ts';

/** How often a file whose checksum is wrong is fetched again before it is given up. */
const REFETCHES = 2;

export interface TransferOptions {
  readonly signal: AbortSignal;
  readonly patience: Patience;
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
  { signal, patience, onReceived, onWaiting }: TransferOptions,
): Promise<void> {
  const writer = await FileWriter.resume(store, build, file);
  onReceived(writer.received);
  let attempt = 0;
  let refetched = 0;
  for (;;) {
    const before = writer.received;
    try {
      if (writer.received < file.nbytes) await receive(writer, file, patience, signal, onReceived);
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
      onWaiting(true);
      await pause(attempt++, error.wait, patience, signal).finally(() => {
        onWaiting(false);
      });
    }
  }
}

async function receive(
  writer: FileWriter,
  file: BuildFile,
  patience: Patience,
  signal: AbortSignal,
  onReceived: (bytes: number) => void,
): Promise<void> {
  const opened = await openFile(file.url, file.name, writer.received, patience, signal);
  // A server without Range sends the file from its start.
  if (opened.start !== writer.received) await writer.restart();
  if (opened.start !== writer.received || (opened.total ?? file.nbytes) !== file.nbytes)
    throw new WeightError('bad-file', {
      says: 'other-length-offered',
      file: file.name,
      offered: opened.total,
      announced: file.nbytes,
    });
  for await (const chunk of opened.body) {
    await writer.write(chunk);
    onReceived(writer.received);
  }
  if (writer.received < file.nbytes)
    throw new Interruption(
      new WeightError('unreachable', {
        says: 'ended-early',
        file: file.name,
        received: writer.received,
        announced: file.nbytes,
      }),
    );
}
