import type { Family } from './families.ts';

export interface Prompt {
  /** The exact text that goes to the model, after the one BOS token that the engine adds. */
  readonly text: string;
  /** Where the answer lies in `text`, in UTF-16 code units: [start, end). */
  readonly answerSpan: readonly [number, number];
}

/**
 * Builds the text a family's model was trained on. The template is cut at its places and the parts are joined, so
 * nothing that a person pastes ("{answer}", "$&", "%s") is ever read as a place or a pattern.
 *
 * @param objectives the objectives' sentences in the order in which they are shown
 * @throws Error when the family's template does not hold its three places in order
 */
export function buildPrompt(
  family: Pick<Family, 'template' | 'separator'>,
  objectives: readonly string[],
  query: string,
  answer: string,
): Prompt {
  const [lead, afterAspects, afterQuestion, tail] = cutTemplate(family.template);
  const head = lead + objectives.join(family.separator) + afterAspects + query + afterQuestion;
  return { text: head + answer + tail, answerSpan: [head.length, head.length + answer.length] };
}

function cutTemplate(template: string): [string, string, string, string] {
  const match = /^([^]*)\{aspects\}([^]*)\{question\}([^]*)\{answer\}([^]*)$/.exec(template);
  if (!match)
    throw new Error('The prompt template must hold {aspects}, {question} and {answer}, in this order.');
  return [match[1] ?? '', match[2] ?? '', match[3] ?? '', match[4] ?? ''];
}
