import type { ModelDtype } from './float.ts';

/** MLC's names for what becomes of the weights: four bits in groups of 32, or kept as floats. */
export const QUANTISATIONS = {
  q4f16_1: { model: 'float16', bits: 4 },
  q4f32_1: { model: 'float32', bits: 4 },
  q0f16: { model: 'float16', bits: 0 },
  q0f32: { model: 'float32', bits: 0 },
} as const satisfies Readonly<Record<string, { model: ModelDtype; bits: 0 | 4 }>>;

export type Quantisation = keyof typeof QUANTISATIONS;

export function isQuantisation(name: string): name is Quantisation {
  return Object.hasOwn(QUANTISATIONS, name);
}
