import { formatDuration } from '../../core/common/duration.js';
import type { BlockView } from '../../api/views.js';
import type { Scope } from '../../core/model/block.js';

/** `2026-01-31 12:00:00` of an ISO time, UTC: what a person reads in a column. */
export const shortTime = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

/** Time left until an ISO time, `no end` for null. */
export function timeLeft(iso: string | null, nowMs: number): string {
  if (iso === null) return 'no end';
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  return seconds <= 0 ? 'ended' : formatDuration(seconds);
}

/** How long ago an ISO time was. */
export const timeAgo = (iso: string, nowMs: number): string =>
  `${formatDuration((nowMs - Date.parse(iso)) / 1000)} ago`;

/** What each scope closes, in a few words. */
export const SCOPE_WORDS: Readonly<Record<Scope, string>> = {
  all: 'everything',
  sip: 'SIP ports',
  beside: 'all but the trap',
};

/** What a block does, in words. */
export function describeScope(block: BlockView): string {
  const scope = SCOPE_WORDS[block.scope];
  if (block.forced) return `${scope} (forced)`;
  return block.simulated ? `${scope} (simulated)` : scope;
}

export const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;

/** Whether it blocks, and why: some reasons begin with the word themselves. */
export const describeMode = (word: string, why: string): string =>
  /^observing\b/.test(why) ? why : `${word}: ${why}`;
