import { createIdentities, type Identities, type SourcePrefixes } from '../model/identity.js';
import type { ProtectTable } from './protect.js';

/** The last ones made: settings and peers change seldom, and are the same object until they do. */
let last: {
  readonly prefixes: SourcePrefixes;
  readonly protect: ProtectTable;
  readonly identities: Identities;
} | null = null;

/** Who counts as one source under these settings and beside these protected peers. */
export function identitiesOf(prefixes: SourcePrefixes, protect: ProtectTable): Identities {
  if (last?.prefixes !== prefixes || last.protect !== protect) {
    const cidrs = protect.peers.map(({ cidr }) => cidr);
    last = { prefixes, protect, identities: createIdentities(prefixes, cidrs) };
  }
  return last.identities;
}
