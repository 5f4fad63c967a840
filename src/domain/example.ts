import type { FamilyName } from './families.ts';

/** The worked example of the MetaAligner-UltraFeedback-13B model card. */
export const MODEL_CARD_EXAMPLE: {
  readonly model: string;
  readonly family: FamilyName;
  readonly objectiveKeys: readonly string[];
  readonly query: string;
  readonly answer: string;
  /** What the card prints as that 13B model's edited answer. */
  readonly publishedResponse: string;
} = {
  model: 'MetaAligner-UltraFeedback-13B',
  family: 'UltraFeedback',
  objectiveKeys: ['instruction_following', 'honesty', 'truthfulness', 'helpfulness'],
  query: 'What is the square root of banana?',
  answer:
    'The square root of banana is not a well-defined mathematical concept, as bananas are not objects that can be squared. Bananas are a type of fruit that grow on plants and have a specific shape and size. They do not have any mathematical properties or values that can be used in mathematical operations. Therefore, the square root of banana is not a valid or meaningful mathematical concept. It is important to be aware of the limitations of mathematical language and symbols, and to use them correctly and consistently in order to avoid confusion or misinterpretation.',
  publishedResponse:
    'The square root of banana is not a well-defined mathematical concept, as bananas are not objects that can be squared. The square root operation is typically applied to non-negative numbers, and it returns a value that, when multiplied by itself, gives the original number. In other words, the square root of a number is a number that, when multiplied by itself, gives the original number. However, if you\'re asking for a playful or creative answer, you could consider the "square root of banana" to be a humorous way of saying "a lot of bananas" or "several bananas." After all, bananas are typically curved, so you wouldn\'t be able to square them in the traditional sense. But if you want to represent a large quantity of bananas, you could use the term "square root of banana" as a whimsical or lighthearted way to express it.',
};
