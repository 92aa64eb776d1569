import type { TypedField } from './fields.js';

/** Free text, and what ends it. */
export interface Part {
  /** Null for the first part, which stands where the last one ended. */
  readonly gap: FreeText | null;
  readonly pieces: readonly Piece[];
}

export interface FreeText {
  readonly name: string | null;
  readonly side: 'first' | 'last' | 'only' | 'here';
}

export type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'field'; readonly name: string | null; readonly type: TypedField }
  | { readonly kind: 'optional'; readonly pieces: readonly Piece[] };
