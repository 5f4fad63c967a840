import { diffWordsWithSpace } from 'diff';
import { flushSync, mount } from 'svelte';
import '../../../src/app.css';
import { StreamedChanges } from '../../../src/domain/streamed-changes.ts';
import { Review } from '../../../src/state/review.svelte.ts';
import ChangeText from '../../../src/ui/ChangeText.svelte';
import { streamedProps } from './props.svelte.ts';

/** Milliseconds of main-thread work for each update, layout included, and for the review at the end. */
export interface ChangesTiming {
  readonly updates: readonly number[];
  readonly review: number;
  /** The `diff` package comparing both whole texts once, nothing shown. */
  readonly wholeDiff: number;
}

/** Streams `after` word by word into the components that the page shows it with. */
function measure(before: string, after: string): ChangesTiming {
  const text = element('text');
  const target = element('changes');
  target.replaceChildren();
  const props = streamedProps();
  mount(ChangeText, { target, props });
  const changes = new StreamedChanges(before);
  const updates: number[] = [];
  for (let end = after.indexOf(' '); end >= 0; end = after.indexOf(' ', end + 1)) {
    const sofar = after.slice(0, end);
    const started = performance.now();
    text.textContent = sofar;
    props.pieces = changes.update(sofar);
    flushSync();
    // Asking for a size makes the browser lay the page out now, so that it counts.
    target.getBoundingClientRect();
    updates.push(performance.now() - started);
  }
  const started = performance.now();
  const review = new Review(before, after);
  target.replaceChildren();
  mount(ChangeText, { target, props: { pieces: review.pieces, review } });
  flushSync();
  target.getBoundingClientRect();
  const reviewed = performance.now();
  diffWordsWithSpace(before, after);
  return { updates, review: reviewed - started, wholeDiff: performance.now() - reviewed };
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`No element "${id}".`);
  return found;
}

declare global {
  // Called by the bench from outside of the page.
  var measureChanges: (before: string, after: string) => ChangesTiming;
}
globalThis.measureChanges = measure;
