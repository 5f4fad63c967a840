import { Table } from './table.ts';

/** Registry entries as they were read or made; whoever takes them out checks them again. */
const table = new Table<unknown>('models');

/** The registry that the page's host had at the last visit with a network; undefined when it had none. */
export function readHostRegistry(): Promise<unknown> {
  return table.get('host');
}

export function writeHostRegistry(json: unknown): Promise<void> {
  return table.put('host', json);
}

/** The registry of the models that the person added. */
export function readOwnRegistry(): Promise<unknown> {
  return table.get('own');
}

export function writeOwnRegistry(json: unknown): Promise<void> {
  return table.put('own', json);
}

/** Which build and context window the person chose, by model; unchecked. */
export function readModelPicks(): Promise<unknown> {
  return table.get('picks');
}

export function writeModelPicks(picks: unknown): Promise<void> {
  return table.put('picks', picks);
}
