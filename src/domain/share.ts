import * as v from 'valibot';

/** What a link carries: the texts and objectives, never a result. */
const ShareSchema = v.object({
  /** Format of what follows; a later one would be refused rather than misread. */
  v: v.literal(1),
  q: v.string(),
  a: v.string(),
  /** Sentences of the objectives, in the prompt's order. */
  o: v.array(v.string()),
  f: v.picklist(['UltraFeedback', 'HH-RLHF', 'IMHI']),
});

export interface Shared {
  readonly query: string;
  readonly answer: string;
  readonly objectives: readonly string[];
  readonly family: v.InferOutput<typeof ShareSchema>['f'];
}

export function shareJson({ query, answer, objectives, family }: Shared): string {
  return JSON.stringify({ v: 1, q: query, a: answer, o: objectives, f: family });
}

/** Undefined when the text is not what `shareJson` writes. */
export function readShareJson(text: string): Shared | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(ShareSchema, json);
  if (!parsed.success) return undefined;
  const { q, a, o, f } = parsed.output;
  return { query: q, answer: a, objectives: o, family: f };
}
