import type { Block, Scope } from './block.js';

/** What each scope closes, in a few words. */
export const SCOPE_WORDS: Readonly<Record<Scope, string>> = {
  all: 'everything',
  sip: 'SIP ports',
  beside: 'all but the trap',
};

/** What a block does, in words. */
export function describeScope({
  scope,
  forced,
  simulated,
}: Pick<Block, 'scope' | 'forced' | 'simulated'>): string {
  const closes = SCOPE_WORDS[scope];
  if (forced) return `${closes} (forced)`;
  return simulated ? `${closes} (simulated)` : closes;
}
