import * as v from 'valibot';
import { describeIssues } from './issues.ts';

/** Own objectives, carried between browsers and people in one JSON file. */

const FORMAT = 'metaaligner-objectives';
const VERSION = 1;

const FileSchema = v.object({
  format: v.literal(FORMAT),
  version: v.pipe(v.number(), v.maxValue(VERSION, 'written by a later release of this page')),
  objectives: v.array(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(500))),
});

export type ObjectivesReading =
  | { readonly ok: true; readonly sentences: readonly string[] }
  /** What is wrong, with the field where there is one. */
  | { readonly ok: false; readonly detail: string };

export function objectivesFile(sentences: readonly string[]): string {
  return JSON.stringify({ format: FORMAT, version: VERSION, objectives: sentences }, null, 2);
}

/** Reads an exported file; all of it or, when anything is wrong, nothing. */
export function readObjectivesFile(text: string): ObjectivesReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
  const file = v.safeParse(FileSchema, json);
  return file.success
    ? { ok: true, sentences: file.output.objectives }
    : { ok: false, detail: describeIssues(file.issues) };
}
