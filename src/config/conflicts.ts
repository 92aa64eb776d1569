import type { Settings } from './schema.js';

/** A value that is right by itself, and not beside another one. */
export interface Conflict {
  /** Id of the key. */
  readonly id: string;
  readonly why: string;
  readonly allowed: string;
}

/** What of these settings does not go together. */
export function findConflicts({ blocking }: Settings): readonly Conflict[] {
  if (blocking.backend !== 'ufw') return [];
  const why =
    'ufw cannot close all but the trap: its rules end the way of a packet, so that one which lets the ' +
    'trap be heard would let past what other rules of yours refuse';
  return (['scope', 'unproven'] as const)
    .filter((field) => blocking[field] === 'beside')
    .map((field) => ({
      id: `blocking.${field}`,
      why,
      allowed: `${field === 'unproven' ? 'none, ' : ''}all or sip, or backend = nftables`,
    }));
}
