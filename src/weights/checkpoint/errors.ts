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

export interface ConversionErrorDetails {
  /** File in the checkpoint or in the build, by its name there. */
  readonly file?: string | undefined;
  /** Name of the tensor in that file. */
  readonly tensor?: string | undefined;
  /** One sentence: what is wrong. */
  readonly reason: string;
  /** One sentence: what the person can do about it. */
  readonly next: string;
}

/** Anything that stops a conversion, in words for the person who started it: where, why and what next. */
export class ConversionError extends Error {
  override readonly name = 'ConversionError';
  readonly code: ConversionErrorCode;
  readonly details: ConversionErrorDetails;

  constructor(code: ConversionErrorCode, details: ConversionErrorDetails, options?: ErrorOptions) {
    const where = [details.file, details.tensor && `tensor ${details.tensor}`].filter(Boolean).join(', ');
    super(`${where ? `${where}: ` : ''}${details.reason} ${details.next}`, options);
    this.code = code;
    this.details = details;
  }
}
