/** Texts by name; those that name something take its values. */
type Catalogue = Readonly<Record<string, string | ((values: never) => string)>>;

/** A sentence of a catalogue before it is written: its name there and the values it names. It can leave a worker. */
export type Told<C extends Catalogue> = {
  [K in keyof C]: C[K] extends (values: infer V) => string ? { readonly says: K } & V : { readonly says: K };
}[keyof C];

/** Writes a sentence in the language of a catalogue. */
export function write<C extends Catalogue>(catalogue: C, told: Told<C>): string {
  const text: Catalogue[string] | undefined = catalogue[told.says];
  return typeof text === 'function' ? text(told as never) : (text ?? String(told.says));
}
