import { createHash } from 'node:crypto';
import type { FirewallOwner } from '../port.js';

/**
 * The mark of the agent whose table it is: the comment of the one rule in a chain that nothing
 * jumps to. nft 1.0.6 lists the comments of rules, but not those of tables, as JSON.
 */
const PATH_CHARS_MAX = 60;

/** The owner that the agent with this database is. */
export const ownerOf = (kind: FirewallOwner['kind'], databaseFile: string): FirewallOwner => ({
  kind,
  id: createHash('sha256').update(databaseFile).digest('hex').slice(0, 16),
  // Only letters that need no quoting, from the end, where paths differ.
  path: databaseFile.replace(/[^A-Za-z0-9._/-]/g, '_').slice(-PATH_CHARS_MAX),
});

export const ownerChain = (owner: FirewallOwner): string =>
  ` chain owner { return comment "${owner.kind} ${owner.id} ${owner.path}"; }`;

/** The owner that a comment names; null when it names none. */
export function readOwner(comment: string): FirewallOwner | null {
  const match = /^(trial|installed) ([0-9a-f]{16}) (\S{0,60})$/.exec(comment);
  const [, kind, id = '', path = ''] = match ?? [];
  if (kind !== 'trial' && kind !== 'installed') return null;
  return { kind, id, path };
}
