/** Why the browser does not keep something: 'full' (no room left) or 'refused' (private window, blocked, broken). */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly reason: 'full' | 'refused';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.reason = cause instanceof DOMException && cause.name === 'QuotaExceededError' ? 'full' : 'refused';
  }
}
