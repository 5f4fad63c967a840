import { conversionEn } from '../../domain/texts/conversion.en.ts';
import { TranslatableError, type FailureTexts } from '../../domain/texts/failures.ts';
import { write, type Told } from '../../domain/texts/told.ts';

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

export type ConversionReason = Told<typeof conversionEn.reasons>;
/** Something to say aloud that does not stop a conversion. */
export type ConversionWarning = Told<typeof conversionEn.warnings>;

export type Warn = (warning: ConversionWarning) => void;

export interface ConversionErrorDetails {
  /** File in the checkpoint or in the build, by its name there. */
  readonly file?: string | undefined;
  /** Name of the tensor in that file. */
  readonly tensor?: string | undefined;
  /** What is wrong. */
  readonly reason: ConversionReason;
  /** What that comes from. */
  readonly because?: ConversionReason | undefined;
  /** What the person can do about it. */
  readonly next: keyof typeof conversionEn.next;
}

/** Anything that stops a conversion, in words for the person who started it: where, why and what next. */
export class ConversionError extends TranslatableError {
  override readonly name = 'ConversionError';
  readonly code: ConversionErrorCode;
  readonly details: ConversionErrorDetails;

  constructor(code: ConversionErrorCode, details: ConversionErrorDetails, options?: ErrorOptions) {
    super(describe(details, conversionEn), options);
    this.code = code;
    this.details = details;
  }

  override in({ conversion }: FailureTexts): string {
    return describe(this.details, conversion);
  }
}

function describe(
  { file, tensor, reason, because, next }: ConversionErrorDetails,
  texts: FailureTexts['conversion'],
): string {
  const where = [file, tensor !== undefined && texts.tensor(tensor)].filter(Boolean).join(', ');
  const why = [reason, because].flatMap((told) => (told ? write(texts.reasons, told) : []));
  return `${where && `${where}: `}${why.join(' ')} ${texts.next[next]}`;
}
