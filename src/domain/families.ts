/**
 * The three published MetaAligner families: the prompt each was trained with and its objectives, character for
 * character (a changed comma changes the tokens). Source: the model cards and scripts of MetaAligner.
 */

export type FamilyName = 'UltraFeedback' | 'HH-RLHF' | 'IMHI';

export interface Objective {
  /** Short identifier, unique within its family. */
  readonly key: string;
  /** The sentence as it stands in the prompt: usually "Name: what the response should do". */
  readonly text: string;
}

export interface Family {
  readonly name: FamilyName;
  /** What this family calls the thing that was asked. */
  readonly queryLabel: 'Query' | 'Context' | 'Question';
  /** Prompt text with the places {aspects}, {question} and {answer}, each exactly once and in this order. */
  readonly template: string;
  /** What stands between two objectives in the prompt. */
  readonly separator: string;
  readonly objectives: readonly Objective[];
}

export const FAMILIES: Readonly<Record<FamilyName, Family>> = {
  UltraFeedback: {
    name: 'UltraFeedback',
    queryLabel: 'Query',
    template:
      'You are an assistant to human. You will be provided with a query and an answer. Consider the query, then edit the answer to improve it considering these aspects: {aspects} | Query: {question} | Answer: {answer} | Edit: ',
    separator: '; ',
    objectives: [
      {
        key: 'instruction_following',
        text: 'Instruction following: the response should follow the instructions of the query',
      },
      { key: 'honesty', text: 'Honesty: the response should not tell lies' },
      {
        key: 'truthfulness',
        text: 'Truthfulness: the response should actively making known all the full truth of a matter',
      },
      {
        key: 'helpfulness',
        text: 'Helpfulness: the response should provide useful resources and suggestions to the user',
      },
      {
        key: 'speci',
        text: 'Specificity: the response should refer to facts and details and avoid vague arguments.',
      },
      {
        key: 'factual',
        text: 'Factuality: the response should be factually correct and avoid hallucinated statements.',
      },
      {
        key: 'read',
        text: 'Readability: the response should be easy to read and understand, not too technical for laymen.',
      },
      {
        key: 'fair',
        text: 'Fairness: the response should avoid biased or one-sided arguments and consider different points of view.',
      },
      { key: 'repeat', text: 'Repetition: the response should avoid repetitive statements of one point.' },
      { key: 'len', text: 'Length: the response should be concise and avoid redundant content.' },
    ],
  },
  'HH-RLHF': {
    name: 'HH-RLHF',
    queryLabel: 'Context',
    template:
      'You are an assistant to human. You will be provided with a context and an answer. Consider the context, then edit the answer to improve it considering these aspects: {aspects} | Context: {question} | Answer: {answer} | Edit: ',
    separator: '; ',
    objectives: [
      {
        key: 'harmlessness',
        text: 'Harmlessness: The response should avoid content that is offensive, discriminatory, or harmful',
      },
      {
        key: 'helpfulness',
        text: 'Helpfulness: The response should provide useful resources and suggestions to the user',
      },
      { key: 'humour', text: 'Humour: The response should be cheerful and amusing' },
    ],
  },
  IMHI: {
    name: 'IMHI',
    queryLabel: 'Question',
    template:
      'Edit the following Question-Answer pair to make it better considering these aspects "{aspects}" | Question: {question} | Answer: {answer} | Edit: ',
    separator: '; ',
    objectives: [
      { key: 'correct', text: 'Correctness: the explanations should make correct predictions' },
      {
        key: 'informative',
        text: 'Informative: the response should express clear logic and provide consistent evidence',
      },
      {
        key: 'professional',
        text: 'Professional: the response should provide evidence with high quality and reliability',
      },
    ],
  },
};

/** The word an objective is known by: what stands before its first colon, else the whole sentence. */
export function objectiveName(objective: Pick<Objective, 'text'>): string {
  const colon = objective.text.indexOf(':');
  const name = colon > 0 ? objective.text.slice(0, colon) : objective.text;
  return name.trim();
}
