/** A word or a punctuation mark, with the white space after it. Tokens joined (`core + space`) give the text. */
export interface Word {
  readonly core: string;
  readonly space: string;
}

/**
 * Scripts that write without spaces are cut at every character; in all others a run of letters, marks, digits and inner
 * apostrophes is one word. Only the first word of a text may have an empty core: it holds the white space ahead.
 */
const PATTERN =
  /([\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\p{M}*|[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*|\S|^)(\s*)/gu;
const LETTER = /[\p{L}\p{N}]/u;

export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const [, core = '', space = ''] of text.matchAll(PATTERN))
    if (core !== '' || space !== '') words.push({ core, space });
  return words;
}

export function joinWords(words: readonly Word[]): string {
  return words.map(({ core, space }) => core + space).join('');
}

/** How many words a text has, punctuation left out. */
export function countWords(text: string): number {
  return wordsOf(text).filter(({ core }) => LETTER.test(core)).length;
}
