import type { conversionEn } from './conversion.en.ts';
import type { weightsEn } from './weights.en.ts';

/** What errors are written with; `Texts` has both, in each language. */
export interface FailureTexts {
  readonly weights: typeof weightsEn;
  readonly conversion: typeof conversionEn;
}

/** An error that can be said in every language of the page. Its `message` is English, for logs and command lines. */
export abstract class TranslatableError extends Error {
  abstract in(texts: FailureTexts): string;
}

/** The text of an error in the page's language; errors that the page has no words for say their own. */
export function failureText(error: Error, texts: FailureTexts): string {
  return error instanceof TranslatableError ? error.in(texts) : error.message;
}
