/** Why a model could not be added by its address. */
export type AddingProblem =
  /** That is no address; or a model of that name is there already. */
  | { readonly kind: 'bad-address' | 'same-name' }
  /** Nothing answered there, or the page may not ask there. */
  | { readonly kind: 'unreachable'; readonly host: string; readonly detail: string }
  /** There is neither a build nor, on the Hub, a checkpoint. */
  | { readonly kind: 'no-model'; readonly status: number }
  | { readonly kind: 'bad-config'; readonly detail: string }
  | { readonly kind: 'no-library' };
