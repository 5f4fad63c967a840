import { TranslatableError, type FailureTexts } from '../domain/texts/failures.ts';
import { write, type Told } from '../domain/texts/told.ts';
import { damageEn, weightsEn } from '../domain/texts/weights.en.ts';

/** What went wrong, for code that decides what to offer next; the message is for the person. */
export type WeightErrorCode =
  | 'stopped' // the person paused or cancelled
  | 'unreachable' // no connection, or none that lasted
  | 'no-cors' // the server answers, but not to pages of other sites
  | 'http-status' // the server answers with an error status
  | 'wrong-content' // not the file that was asked for: a web page, not JSON, not WebAssembly
  | 'bad-manifest' // tensor-cache.json or mlc-chat-config.json says something impossible
  | 'bad-file' // size or checksum differ from what was announced
  | 'no-room' // the browser's quota is too small
  | 'no-storage' // the browser refuses to store at all
  | 'in-use' // another tab or the loaded engine needs it
  | 'not-stored'; // asked for a file that the store does not hold

export type WeightTold = Told<typeof weightsEn>;

/** An error of the weight store. What it tells names the file, the cause and the next step. */
export class WeightError extends TranslatableError {
  override readonly name = 'WeightError';
  constructor(
    readonly code: WeightErrorCode,
    readonly told: WeightTold,
    options?: ErrorOptions,
  ) {
    super(write(weightsEn, told), options);
  }

  /** Name of the file inside the model build, where one file is at fault. */
  get file(): string | undefined {
    return 'file' in this.told ? this.told.file : undefined;
  }

  override in({ weights }: FailureTexts): string {
    return write(weights, this.told);
  }
}

/** Whether the bytes of a file were not those that were announced, so that fetching it again may help. */
export function isDamage(told: WeightTold): told is Told<typeof damageEn> {
  return told.says in damageEn;
}

/** Turns what IndexedDB throws into an error that says what the person can do. */
export function storageError(cause: unknown): WeightError {
  if (cause instanceof WeightError) return cause;
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'QuotaExceededError') return new WeightError('no-room', { says: 'quota-exceeded' }, { cause });
  const detail = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new WeightError('no-storage', { says: 'storage-refused', detail }, { cause });
}
