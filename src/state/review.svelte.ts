import { changesBetween, extentOf, mergeChanges, type Extent, type Piece } from '../domain/changes.ts';

/** How changes are shown: in one text, in two beside each other, or as the text they come to. */
export type ChangesLayout = 'inline' | 'side' | 'merged';

/** One edited answer under review: its changes, and which of them the person takes. At first all are accepted. */
export class Review {
  readonly before: string;
  readonly pieces: readonly Piece[];
  readonly extent: Extent;
  #rejected = $state.raw<ReadonlySet<number>>(new Set());
  /** The answer with the accepted changes. */
  readonly merged: string = $derived.by(() => mergeChanges(this.pieces, this.#rejected));
  readonly acceptedCount: number = $derived.by(() => this.extent.changes - this.#rejected.size);

  constructor(before: string, after: string) {
    this.before = before;
    this.pieces = changesBetween(before, after);
    this.extent = extentOf(this.pieces);
  }

  /** @param change number of the change, counted from 0 */
  isAccepted(change: number): boolean {
    return !this.#rejected.has(change);
  }

  toggle(change: number): void {
    const rejected = new Set(this.#rejected);
    if (!rejected.delete(change)) rejected.add(change);
    this.#rejected = rejected;
  }

  acceptAll(): void {
    this.#rejected = new Set();
  }

  rejectAll(): void {
    this.#rejected = new Set(Array(this.extent.changes).keys());
  }
}
