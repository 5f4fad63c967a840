import type { Family, FamilyName } from './families.ts';

/** Sets of objectives that go well together; the page has a name for each. */
export type PresetName =
  'all' | 'none' | 'concise' | 'truthful' | 'balanced' | 'helpful' | 'warm' | 'evidence';

export interface Preset {
  readonly name: PresetName;
  /** Keys of the family's objectives. */
  readonly keys: readonly string[];
}

/** Beside "all" and "none", which every family has. */
const SETS: Readonly<Record<FamilyName, readonly Preset[]>> = {
  UltraFeedback: [
    { name: 'concise', keys: ['read', 'repeat', 'len'] },
    { name: 'truthful', keys: ['honesty', 'truthfulness', 'factual'] },
    { name: 'helpful', keys: ['instruction_following', 'helpfulness', 'speci'] },
    { name: 'balanced', keys: ['honesty', 'fair'] },
  ],
  'HH-RLHF': [{ name: 'warm', keys: ['helpfulness', 'humour'] }],
  IMHI: [{ name: 'evidence', keys: ['informative', 'professional'] }],
};

export function presetsOf({ name, objectives }: Pick<Family, 'name' | 'objectives'>): readonly Preset[] {
  return [{ name: 'all', keys: objectives.map(({ key }) => key) }, ...SETS[name], { name: 'none', keys: [] }];
}
