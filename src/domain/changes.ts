import { diffWordsWithSpace } from 'diff';

export interface Change {
  readonly kind: 'same' | 'inserted' | 'deleted';
  readonly text: string;
}

/**
 * Word-level difference between an answer and its edited form. The texts of 'same' and 'deleted' joined give
 * `before`, those of 'same' and 'inserted' give `after`, white space included.
 */
export function wordChanges(before: string, after: string): Change[] {
  return diffWordsWithSpace(before, after).map(({ added, removed, value }) => ({
    kind: added ? 'inserted' : removed ? 'deleted' : 'same',
    text: value,
  }));
}
