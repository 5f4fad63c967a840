export type ConversionErrorCode =
  | 'missing-file'
  | 'bad-file'
  | 'bad-config'
  | 'bad-header'
  | 'bad-pickle'
  | 'bad-archive'
  | 'missing-tensor'
  | 'bad-tensor'
  | 'non-finite'
  | 'bad-tokenizer'
  | 'bad-option'
  | 'output-exists'
  | 'no-space'
  | 'read-failed'
  | 'write-failed';

interface Details {
  /** File in the checkpoint or in the build, by its name there. */
  file?: string | undefined;
  /** Name of the tensor in that file. */
  tensor?: string | undefined;
  /** One sentence: what is wrong. */
  reason: string;
  /** One sentence: what the person can do about it. */
  next: string;
}

/** Anything that stops a conversion, in words for the person who started it: where, why and what next. */
export class ConversionError extends Error {
  override readonly name = 'ConversionError';
  readonly code: ConversionErrorCode;
  readonly file: string | undefined;
  readonly tensor: string | undefined;
  readonly reason: string;
  readonly next: string;

  constructor(code: ConversionErrorCode, details: Details, options?: ErrorOptions) {
    const where = [details.file, details.tensor && `tensor ${details.tensor}`].filter(Boolean).join(', ');
    super(`${where ? `${where}: ` : ''}${details.reason} ${details.next}`, options);
    this.code = code;
    this.file = details.file;
    this.tensor = details.tensor;
    this.reason = details.reason;
    this.next = details.next;
  }
}
