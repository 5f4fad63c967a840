/** Why a model could not be added by its address. */
export type AddingProblem =
  /** That is no address; or a model of that name is there already. */
  | { readonly kind: 'bad-address' | 'same-name' }
  | { readonly kind: 'bad-config'; readonly detail: string }
  | { readonly kind: 'no-library' };
