import type { AlignmentRecord } from './history.ts';

/** What a result is copied as, beside its plain text. */
export type ResultContent = Pick<AlignmentRecord, 'query' | 'answer' | 'editedAnswer' | 'family'> & {
  readonly objectives: readonly string[];
  readonly model: string;
  readonly figures?: AlignmentRecord['figures'] | undefined;
};

/** Headings in the page's language. */
export interface ResultHeadings {
  readonly query: string;
  readonly answer: string;
  readonly objectives: string;
  readonly editedAnswer: string;
}

/** The person's texts are quoted, so that nothing in them is read as a heading or a list of this document. */
export function resultMarkdown(
  { query, answer, objectives, editedAnswer, model }: ResultContent,
  headings: ResultHeadings,
): string {
  return [
    `## ${headings.query}`,
    quote(query),
    `## ${headings.answer}`,
    quote(answer),
    `## ${headings.objectives}`,
    objectives.map((sentence) => `- ${sentence}`).join('\n'),
    `## ${headings.editedAnswer} (${model})`,
    quote(editedAnswer),
  ].join('\n\n');
}

export function resultJson(content: ResultContent): string {
  const { query, answer, objectives, editedAnswer, family, model, figures } = content;
  return JSON.stringify({ query, answer, objectives, editedAnswer, family, model, figures }, null, 2);
}

function quote(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '>' : `> ${line}`))
    .join('\n');
}
