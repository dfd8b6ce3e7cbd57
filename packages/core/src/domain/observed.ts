/**
 * What one look can say; the five answers.
 *
 * `absent` is proved, not presumed. `busy`: the platform is still at it. `unknown`: a part of the world did not answer.
 * Only `absent` and `partial` permit a change.
 */
export type Observed<T> =
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'partial' | 'busy' | 'unknown'; readonly detail: string }
