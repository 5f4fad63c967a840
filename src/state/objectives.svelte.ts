import { objectiveName, type Family, type Objective } from '../domain/families.ts';

/** The objectives on offer: a family's published ones and the person's own, in one order for every screen. */
export class ObjectiveList {
  own = $state.raw<readonly Objective[]>([]);
  /** Keys in the order that the person gave them; keys that are not in it follow in their published order. */
  order = $state.raw<readonly string[]>([]);

  offered(family: Pick<Family, 'objectives'>): readonly Objective[] {
    const place = ({ key }: Objective): number => {
      const at = this.order.indexOf(key);
      return at < 0 ? this.order.length : at;
    };
    return [...family.objectives, ...this.own].sort((one, other) => place(one) - place(other));
  }

  isOwn(key: string): boolean {
    return this.own.some((objective) => objective.key === key);
  }

  /** @returns the new objective, or undefined when one of that name (or nothing) is there already */
  add(family: Family, sentence: string): Objective | undefined {
    const text = tidy(sentence);
    return this.#isFree(family, text) ? this.#append(text) : undefined;
  }

  /** Adds those that are not on offer word for word, from a file, a link or an earlier run. */
  addSentences(family: Family, sentences: readonly string[]): void {
    for (const text of sentences)
      if (!this.offered(family).some((objective) => objective.text === text)) this.#append(text);
  }

  /** @returns false, and nothing changed, when another objective has that name */
  edit(family: Family, key: string, sentence: string): boolean {
    const text = tidy(sentence);
    if (!this.#isFree(family, text, key)) return false;
    this.own = this.own.map((objective) => (objective.key === key ? { key, text } : objective));
    return true;
  }

  remove(key: string): void {
    this.own = this.own.filter((objective) => objective.key !== key);
  }

  /** Takes back a removal; the objective has its old place again. */
  restore(objective: Objective): void {
    if (!this.isOwn(objective.key)) this.own = [...this.own, objective];
  }

  /** Moves an objective by so many places among those on offer; at the ends it stays. */
  move(family: Family, key: string, by: number): void {
    const keys = this.offered(family).map((objective) => objective.key);
    const from = keys.indexOf(key);
    const to = Math.min(keys.length - 1, Math.max(0, from + by));
    if (from < 0 || from === to) return;
    keys.splice(from, 1);
    keys.splice(to, 0, key);
    this.order = [...keys, ...this.order.filter((other) => !keys.includes(other))];
  }

  #append(text: string): Objective {
    const numbers = this.own.map(({ key }) => Number(key.slice(OWN.length)));
    const objective: Objective = { key: `${OWN}${Math.max(0, ...numbers) + 1}`, text };
    this.own = [...this.own, objective];
    return objective;
  }

  #isFree(family: Family, text: string, key?: string): boolean {
    const name = objectiveName({ text });
    return (
      text !== '' && !this.offered(family).some((other) => other.key !== key && objectiveName(other) === name)
    );
  }
}

/** Prefix of the keys of own objectives; no published key starts with it. */
const OWN = 'own-';

/** A line break would stand in the prompt as it is. */
function tidy(sentence: string): string {
  return sentence.trim().replace(/\s+/g, ' ');
}

/** Which of the objectives on offer one task (the desk, a column of a comparison, a batch) goes by. */
export class ObjectiveChoice {
  readonly list: ObjectiveList;
  /** Keys of the ticked objectives, of every family: switching families keeps them. */
  ticked = $state.raw<readonly string[]>([]);
  readonly #family: () => Family;

  constructor(list: ObjectiveList, family: () => Family) {
    this.list = list;
    this.#family = family;
  }

  // Getters, not deriveds: a column of a comparison is made while a screen is shown, and a derived would end with it.
  get family(): Family {
    return this.#family();
  }

  get offered(): readonly Objective[] {
    return this.list.offered(this.family);
  }

  /** The ticked ones in the prompt's order. */
  get chosen(): readonly Objective[] {
    return this.offered.filter(({ key }) => this.isTicked(key));
  }

  /** Their sentences, as they stand in the prompt. */
  get sentences(): readonly string[] {
    return this.chosen.map(({ text }) => text);
  }

  isTicked(key: string): boolean {
    return this.ticked.includes(key);
  }

  tick(key: string, on: boolean): void {
    const others = this.ticked.filter((other) => other !== key);
    this.ticked = on ? [...others, key] : others;
  }

  /** Ticks exactly these of the family's. */
  set(keys: readonly string[]): void {
    this.ticked = keys;
  }

  /**
   * Adds a sentence of the person's own and ticks it.
   * @returns false when an offered objective already says this or bears its name
   */
  add(sentence: string): boolean {
    const added = this.list.add(this.family, sentence);
    if (added) this.tick(added.key, true);
    return added !== undefined;
  }

  /**
   * Ticks exactly the objectives with these sentences and puts them in this order. Those that are not on offer become
   * own ones.
   */
  setSentences(sentences: readonly string[]): void {
    this.list.addSentences(this.family, sentences);
    const found = sentences
      .map((sentence) => this.offered.find(({ text }) => text === sentence)?.key)
      .filter((key) => key !== undefined);
    this.ticked = found;
    const inOrder = this.chosen.every(({ key }, index) => key === found[index]);
    if (!inOrder) this.list.order = [...found, ...this.list.order.filter((key) => !found.includes(key))];
  }
}
