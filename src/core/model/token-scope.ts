/** What a token of the HTTP API allows; each allows what stands before it, too. */
export const TOKEN_SCOPES = ['read', 'block', 'admin'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** True when a token of `scope` may do what asks for `needed`. */
export const allows = (scope: TokenScope, needed: TokenScope): boolean =>
  TOKEN_SCOPES.indexOf(scope) >= TOKEN_SCOPES.indexOf(needed);
