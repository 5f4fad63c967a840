import { readFileSync } from 'node:fs';
import { FAMILIES, objectiveName } from '../../src/domain/families.ts';

/** A held-out case of the demo model's recipe: what the rules ask for. */
export interface HeldOutCase {
  /** Keys of UltraFeedback objectives, or own sentences, in the prompt's order. */
  readonly objectives: readonly string[];
  readonly query: string;
  readonly answer: string;
  readonly expected_edit: string;
}

/** A case with what the recipe's independent float forward answers over the shipped weights. */
export interface ReferenceCase extends HeldOutCase {
  readonly prompt: string;
  readonly prompt_ids: readonly number[];
  readonly reference_ids: readonly number[];
  readonly reference_text: string;
}

export const REFERENCE = read('demo-reference.json') as ReferenceCase[];
export const HELD_OUT = read('demo-heldout.json') as HeldOutCase[];

/** The sentence of an objective: of a key, or the own sentence itself. */
export function sentenceOf(objective: string): string {
  return FAMILIES.UltraFeedback.objectives.find(({ key }) => key === objective)?.text ?? objective;
}

export function nameOf(objective: string): string {
  return objectiveName({ text: sentenceOf(objective) });
}

/** Whether all objectives are among the ten and stand in the order in which the page puts them into the prompt. */
export function inPageOrder(objectives: readonly string[]): boolean {
  const places = objectives.map((objective) =>
    FAMILIES.UltraFeedback.objectives.findIndex(({ key }) => key === objective),
  );
  return places.every((place, index) => place > (places[index - 1] ?? -1));
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
}
