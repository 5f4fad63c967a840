import * as v from 'valibot';
import { describeIssues } from './issues.ts';

/** Finished alignments as they are kept, searched, and carried between browsers in one JSON file. */

/** How many alignments are kept; beyond it the oldest are let go. About 10 KB each, so a few megabytes in all. */
export const HISTORY_LIMIT = 500;

const FORMAT = 'metaaligner-history';
const VERSION = 1;

const quantity = v.pipe(v.number(), v.minValue(0));

const DecodingSchema = v.variant('path', [
  v.object({ path: v.literal('edit-shaped'), steps: quantity, tokensPerStep: quantity }),
  v.object({
    path: v.literal('ordinary'),
    reason: v.picklist(['switched-off', 'temperature', 'unavailable', 'self-check-failed']),
    detail: v.string(),
  }),
]);

export const AlignmentRecordSchema = v.object({
  id: v.pipe(v.string(), v.minLength(1)),
  /** When it ended, ISO 8601 in UTC. */
  at: v.pipe(v.string(), v.isoTimestamp()),
  model: v.object({ id: v.string(), name: v.string() }),
  family: v.picklist(['UltraFeedback', 'HH-RLHF', 'IMHI']),
  /** Sentences of the objectives, in the prompt's order. */
  objectives: v.array(v.string()),
  query: v.string(),
  answer: v.string(),
  editedAnswer: v.string(),
  finishReason: v.picklist(['stop', 'length', 'abort']),
  settings: v.object({ temperature: quantity, maxNewTokens: quantity, editShaped: v.optional(v.boolean()) }),
  figures: v.object({
    promptTokens: quantity,
    replyTokens: quantity,
    timeToFirstTokenSeconds: quantity,
    prefillTokensPerSecond: quantity,
    decodeTokensPerSecond: quantity,
    totalSeconds: quantity,
    decoding: v.optional(DecodingSchema),
  }),
});

export type AlignmentRecord = Readonly<v.InferOutput<typeof AlignmentRecordSchema>>;

const FileSchema = v.object({
  format: v.literal(FORMAT),
  version: v.number(),
  alignments: v.array(v.unknown()),
});

export type HistoryFileProblem =
  | { readonly kind: 'not-json'; readonly detail: string }
  /** JSON, but not one of ours. */
  | { readonly kind: 'other-file'; readonly detail: string }
  /** Written by a later release than this one. */
  | { readonly kind: 'newer'; readonly version: number }
  /** One alignment, counted from 1, does not fit. */
  | { readonly kind: 'entry'; readonly entry: number; readonly detail: string };

export type HistoryReading =
  | { readonly ok: true; readonly records: AlignmentRecord[] }
  | { readonly ok: false; readonly problem: HistoryFileProblem };

export function historyFile(records: readonly AlignmentRecord[]): string {
  return JSON.stringify({ format: FORMAT, version: VERSION, alignments: records }, null, 2);
}

/** Reads an exported history; all of it or, when anything is wrong, nothing. */
export function readHistoryFile(text: string): HistoryReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse({ kind: 'not-json', detail: error instanceof Error ? error.message : String(error) });
  }
  const file = v.safeParse(FileSchema, json);
  if (!file.success) return refuse({ kind: 'other-file', detail: describeIssues(file.issues) });
  if (file.output.version > VERSION) return refuse({ kind: 'newer', version: file.output.version });
  const records: AlignmentRecord[] = [];
  for (const [index, entry] of file.output.alignments.entries()) {
    const record = v.safeParse(AlignmentRecordSchema, entry);
    if (!record.success)
      return refuse({ kind: 'entry', entry: index + 1, detail: describeIssues(record.issues) });
    records.push(record.output);
  }
  return { ok: true, records };
}

function refuse(problem: HistoryFileProblem): HistoryReading {
  return { ok: false, problem };
}

/** Both lists as one, newest first, each alignment once and no more than the limit. */
export function mergeHistory(
  records: readonly AlignmentRecord[],
  added: readonly AlignmentRecord[],
  limit = HISTORY_LIMIT,
): AlignmentRecord[] {
  const byId = new Map([...records, ...added].map((record) => [record.id, record]));
  return [...byId.values()].sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, limit);
}

/** The records that hold every word of the search somewhere in their texts, objectives or model's name. */
export function searchHistory(
  records: readonly AlignmentRecord[],
  search: string,
): readonly AlignmentRecord[] {
  const words = fold(search).split(/\s+/).filter(Boolean);
  if (words.length === 0) return records;
  return records.filter((record) => {
    const text = searchable(record);
    return words.every((word) => text.includes(word));
  });
}

/** Folding hundreds of long texts at every key would be felt; records never change. */
const folded = new WeakMap<AlignmentRecord, string>();

function searchable(record: AlignmentRecord): string {
  const known = folded.get(record);
  if (known !== undefined) return known;
  const { query, answer, editedAnswer, objectives, model } = record;
  const text = fold([query, answer, editedAnswer, ...objectives, model.name].join('\n'));
  folded.set(record, text);
  return text;
}

/** Case and accents don't matter to a search. */
function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
