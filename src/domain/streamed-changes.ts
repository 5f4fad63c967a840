import { compareWords, PieceBuilder, type Piece, type Step, type StreamedPiece } from './changes.ts';
import { joinWords, wordsOf, type Word } from './words.ts';

/** So many equal words in a row are taken for the same place in both texts; what lies before it is settled. */
const ANCHOR_WORDS = 4;
/** How far ahead of the words just written their place in the answer is looked for, in words. */
const LOOK_AHEAD = 60;
const MAX_EDIT = 120;
/** Words without an anchor that are compared again at each update; of more, the first are settled as inserted. */
const MAX_LOOSE_WORDS = 240;

/**
 * The changes of an answer whose edited form is still being written. Each update compares only what came after the last
 * anchor, so its cost stays about the same however long the texts are.
 */
export class StreamedChanges {
  readonly #before: readonly Word[];
  #settled: Piece[] = [];
  /** Words of the answer, and characters of the edited answer, that `#settled` covers. */
  #settledWords = 0;
  #settledLength = 0;

  constructor(before: string) {
    this.#before = wordsOf(before);
  }

  /**
   * @param after the edited answer so far, each time with the text of the last time at its start
   * @returns pieces whose 'same', 'deleted' and 'ahead' joined give the answer; the last word so far is left out, as
   * it may be half a word
   */
  update(after: string): StreamedPiece[] {
    const settledBefore = this.#settledLength;
    const written = wordsOf(after.slice(this.#settledLength)).slice(0, -1);
    const rest = this.#before.slice(this.#settledWords);
    const steps = compareWords(rest.slice(0, written.length + LOOK_AHEAD), written, MAX_EDIT) ?? [];
    const last = steps.findLastIndex(
      ({ kind, count }, index) => kind === 'same' && (count >= ANCHOR_WORDS || index === 0),
    );
    const anchored = steps.slice(0, last + 1);
    const [taken, taken2] = [advance(anchored, 'inserted'), advance(anchored, 'deleted')];
    const pieces = [...this.#settled, ...build(anchored, rest, written)];
    if ((anchored.at(-1)?.count ?? 0) >= ANCHOR_WORDS) {
      this.#settled = pieces;
      this.#settledWords += taken;
      this.#settledLength += joinWords(written.slice(0, taken2)).length;
    }
    const loose = joinWords(written.slice(taken2));
    if (written.length > MAX_LOOSE_WORDS && this.#settledLength === settledBefore) this.#giveUpOn(written);
    const ahead = joinWords(rest.slice(taken));
    return [
      ...pieces,
      ...(loose === '' ? [] : [{ kind: 'change', deleted: '', inserted: loose } as const]),
      ...(ahead === '' ? [] : [{ kind: 'ahead', text: ahead } as const]),
    ];
  }

  /** Half of the words that found no place in the answer are taken for new. */
  #giveUpOn(written: readonly Word[]): void {
    const text = joinWords(written.slice(0, MAX_LOOSE_WORDS / 2));
    const last = this.#settled.at(-1);
    if (last?.kind === 'change')
      this.#settled = [...this.#settled.slice(0, -1), { ...last, inserted: last.inserted + text }];
    else this.#settled = [...this.#settled, { kind: 'change', deleted: '', inserted: text }];
    this.#settledLength += text.length;
  }
}

/** Words that the steps take of one text: all but those of the other text's own kind. */
function advance(steps: readonly Step[], others: Step['kind']): number {
  return steps.reduce((sum, { kind, count }) => (kind === others ? sum : sum + count), 0);
}

function build(steps: readonly Step[], one: readonly Word[], other: readonly Word[]): Piece[] {
  const builder = new PieceBuilder();
  builder.steps(steps, one, other);
  return builder.pieces();
}
