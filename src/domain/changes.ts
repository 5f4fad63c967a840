import { diffArrays } from 'diff';
import { countWords, joinWords, wordsOf, type Word } from './words.ts';

/** A stretch that both texts share. */
export interface Same {
  readonly kind: 'same';
  readonly text: string;
}
/** A place where they differ; one of the two may be empty, never both. */
export interface Change {
  readonly kind: 'change';
  readonly deleted: string;
  readonly inserted: string;
}
/** While the edited answer is still being written: the part of the answer that it has not come to yet. */
export interface Ahead {
  readonly kind: 'ahead';
  readonly text: string;
}
export type Piece = Same | Change;
export type StreamedPiece = Piece | Ahead;

/**
 * Longest edit (words put in and taken out) that is looked for word by word. The search takes quadratic time in it:
 * 250 keeps it under 4 ms. Texts further apart are compared sentence by sentence first.
 */
const MAX_EDIT = 250;
const MAX_EDIT_IN_BLOCK = 120;

/**
 * Word-level difference between an answer and its edited form. `same` and `deleted` joined give `before`, `same` and
 * `inserted` give `after`, white space included.
 */
export function changesBetween(before: string, after: string): Piece[] {
  const [one, other] = [wordsOf(before), wordsOf(after)];
  const builder = new PieceBuilder();
  if (!addWords(builder, one, other, MAX_EDIT)) addSentences(builder, one, other);
  return joinCrowded(builder.pieces());
}

/** The text with every change taken but those whose number (counted over the changes, from 0) is rejected. */
export function mergeChanges(pieces: readonly Piece[], rejected: ReadonlySet<number>): string {
  let number = 0;
  return pieces
    .map((piece) => {
      if (piece.kind === 'same') return piece.text;
      return rejected.has(number++) ? piece.deleted : piece.inserted;
    })
    .join('');
}

export interface Extent {
  readonly changes: number;
  readonly wordsInserted: number;
  readonly wordsDeleted: number;
  /** Words put in and taken out, over all words of both texts: 0 is the same text, 1 a wholly different one. */
  readonly share: number;
}

/** How much was changed. */
export function extentOf(pieces: readonly Piece[]): Extent {
  const extent = { changes: 0, wordsInserted: 0, wordsDeleted: 0 };
  let wordsKept = 0;
  for (const piece of pieces) {
    if (piece.kind === 'same') wordsKept += countWords(piece.text);
    else {
      extent.changes += 1;
      extent.wordsInserted += countWords(piece.inserted);
      extent.wordsDeleted += countWords(piece.deleted);
    }
  }
  const changed = extent.wordsInserted + extent.wordsDeleted;
  return { ...extent, share: changed === 0 ? 0 : changed / (changed + 2 * wordsKept) };
}

/** One step of the comparison: so many words of each text. Those of 'same' are equal up to their white space. */
export interface Step {
  readonly kind: 'same' | 'deleted' | 'inserted';
  readonly count: number;
}

/** Undefined when the two differ by more than `maxEdit` words. */
export function compareWords(
  one: readonly Word[],
  other: readonly Word[],
  maxEdit: number,
): Step[] | undefined {
  const found = diffArrays([...one], [...other], {
    comparator: (left, right) => left.core === right.core,
    maxEditLength: maxEdit,
  });
  return found?.map(({ added, removed, count }) => ({
    kind: added ? 'inserted' : removed ? 'deleted' : 'same',
    count,
  }));
}

/** Puts pieces together from words, with neighbouring insertions and deletions as one change. */
export class PieceBuilder {
  readonly #pieces: Piece[] = [];
  #same = '';
  #deleted = '';
  #inserted = '';

  /** The same words in both texts; where only the white space after one differs, that is a change of its own. */
  same(one: readonly Word[], other: readonly Word[]): void {
    one.forEach(({ core, space }, index) => {
      const space2 = other[index]?.space ?? '';
      this.#addSame(core);
      if (space === space2) this.#addSame(space);
      else this.change(space, space2);
    });
  }

  /** What `compareWords` found for these words. */
  steps(steps: readonly Step[], one: readonly Word[], other: readonly Word[]): void {
    let [at, at2] = [0, 0];
    for (const { kind, count } of steps) {
      const [words, words2] = [one.slice(at, at + count), other.slice(at2, at2 + count)];
      if (kind === 'same') this.same(words, words2);
      else if (kind === 'deleted') this.change(joinWords(words), '');
      else this.change('', joinWords(words2));
      if (kind !== 'inserted') at += count;
      if (kind !== 'deleted') at2 += count;
    }
  }

  change(deleted: string, inserted: string): void {
    this.#flushSame();
    this.#deleted += deleted;
    this.#inserted += inserted;
  }

  pieces(): Piece[] {
    this.#flushChange();
    this.#flushSame();
    return this.#pieces;
  }

  #addSame(text: string): void {
    if (text === '') return;
    this.#flushChange();
    this.#same += text;
  }

  #flushSame(): void {
    if (this.#same !== '') this.#pieces.push({ kind: 'same', text: this.#same });
    this.#same = '';
  }

  #flushChange(): void {
    const [deleted, inserted] = [this.#deleted, this.#inserted];
    this.#deleted = this.#inserted = '';
    // The space after the last word belongs to what follows when both texts have it.
    const space = /\s*$/.exec(deleted)?.[0] ?? '';
    const shared = inserted.endsWith(space) ? space : '';
    const change: Change = {
      kind: 'change',
      deleted: deleted.slice(0, deleted.length - shared.length),
      inserted: inserted.slice(0, inserted.length - shared.length),
    };
    if (change.deleted !== '' || change.inserted !== '') this.#pieces.push(change);
    this.#same = shared + this.#same;
  }
}

/** Adds what `compareWords` finds; false, and nothing added, when the texts are too far apart. */
function addWords(
  builder: PieceBuilder,
  one: readonly Word[],
  other: readonly Word[],
  maxEdit: number,
): boolean {
  const steps = compareWords(one, other, maxEdit);
  if (!steps) return false;
  builder.steps(steps, one, other);
  return true;
}

function addSentences(builder: PieceBuilder, one: readonly Word[], other: readonly Word[]): void {
  let [block, block2]: [Word[], Word[]] = [[], []];
  const flush = (): void => {
    if (!addWords(builder, block, block2, MAX_EDIT_IN_BLOCK))
      builder.change(joinWords(block), joinWords(block2));
    [block, block2] = [[], []];
  };
  const found = diffArrays(sentencesOf(one), sentencesOf(other), {
    comparator: (left, right) => joinWords(left) === joinWords(right),
  });
  for (const { added, removed, value } of found) {
    const words = value.flat();
    if (removed) block.push(...words);
    else if (added) block2.push(...words);
    else {
      flush();
      builder.same(words, words);
    }
  }
  flush();
}

function sentencesOf(words: readonly Word[]): Word[][] {
  const sentences: Word[][] = [];
  let sentence: Word[] = [];
  for (const word of words) {
    sentence.push(word);
    if (/^[.!?…。！？؟]$/.test(word.core) || word.space.includes('\n')) {
      sentences.push(sentence);
      sentence = [];
    }
  }
  if (sentence.length > 0) sentences.push(sentence);
  return sentences;
}

/** A word or two left standing in a rewritten stretch only make it harder to read: they go into one change. */
function joinCrowded(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const [between, before] = [joined.at(-1), joined.at(-2)];
    if (
      piece.kind === 'change' &&
      between?.kind === 'same' &&
      before?.kind === 'change' &&
      isCrowded(before, between, piece)
    ) {
      joined.splice(-2, 2, {
        kind: 'change',
        deleted: before.deleted + between.text + piece.deleted,
        inserted: before.inserted + between.text + piece.inserted,
      });
    } else joined.push(piece);
  }
  return joined;
}

function isCrowded(before: Change, { text }: Same, after: Change): boolean {
  const words = countWords(text);
  if (words > 2 || /[.!?…。！？؟\n]/.test(text)) return false;
  // Words that were replaced; what was only put in or taken out reads well beside what stayed.
  const weight = ({ deleted, inserted }: Change): number =>
    Math.min(countWords(deleted), countWords(inserted));
  return weight(before) + weight(after) >= 4 * Math.max(1, words);
}
