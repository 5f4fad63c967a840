import type { ChosenFile } from '../checkpoint/blob-source.ts';
import { ConversionError, type ConversionWarning } from '../checkpoint/errors.ts';
import type { ConvertedBuild } from '../conversion-sink.ts';
import { WeightError } from '../errors.ts';
import type { ConversionProgress, ConversionSummary } from './convert.ts';
import type { ConversionOptions } from './plan.ts';

/** Where the weights come from: a repository on the Hub, or files that the person chose (a checkpoint or a build). */
export type WeightOrigin =
  | { readonly kind: 'hub'; readonly repository: string; readonly hub?: string }
  | { readonly kind: 'files'; readonly files: readonly ChosenFile[] };

export interface ConversionJob {
  readonly from: WeightOrigin;
  readonly build: ConvertedBuild;
  readonly options: ConversionOptions;
  /** Absolute address of LLaMA-2's tokenizer.json, for a checkpoint that has no tokenizer. */
  readonly tokenizer?: string | undefined;
}

export type ConversionRequest =
  { readonly kind: 'start'; readonly job: ConversionJob } | { readonly kind: 'stop' };

export type ConversionReply =
  | { readonly kind: 'progress'; readonly progress: ConversionProgress }
  | { readonly kind: 'warning'; readonly warning: ConversionWarning }
  | { readonly kind: 'done'; readonly summary: ConversionSummary }
  | { readonly kind: 'failed'; readonly failure: ConversionFailure };

/** An error as it crosses between threads, where errors lose their own fields. */
export type ConversionFailure =
  | {
      readonly kind: 'conversion';
      readonly code: ConversionError['code'];
      readonly details: ConversionError['details'];
    }
  | {
      readonly kind: 'weights';
      readonly code: WeightError['code'];
      readonly told: WeightError['told'];
    }
  | { readonly kind: 'other'; readonly message: string };

export function describeFailure(error: unknown): ConversionFailure {
  if (error instanceof ConversionError)
    return { kind: 'conversion', code: error.code, details: error.details };
  if (error instanceof WeightError) return { kind: 'weights', code: error.code, told: error.told };
  return { kind: 'other', message: error instanceof Error ? error.message : String(error) };
}

export function restoreError(failure: ConversionFailure): Error {
  if (failure.kind === 'conversion') return new ConversionError(failure.code, failure.details);
  if (failure.kind === 'weights') return new WeightError(failure.code, failure.told);
  return new Error(failure.message);
}
