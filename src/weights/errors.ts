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

/** An error of the weight store. Its message names the file, the cause and the next step. */
export class WeightError extends Error {
  override readonly name = 'WeightError';
  constructor(
    readonly code: WeightErrorCode,
    message: string,
    /** Name of the file inside the model build, where one file is at fault. */
    readonly file?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Turns what IndexedDB throws into an error that says what the person can do. */
export function storageError(cause: unknown): WeightError {
  if (cause instanceof WeightError) return cause;
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'QuotaExceededError')
    return new WeightError(
      'no-room',
      'The browser has no more room for this site. What was downloaded is kept: free some disk space or delete another model, then resume.',
      undefined,
      { cause },
    );
  const detail = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new WeightError(
    'no-storage',
    `The browser refused to store the model (${detail}). Private windows and blocked site data do that: ` +
      'open the page in a normal window and allow it to keep data.',
    undefined,
    { cause },
  );
}
