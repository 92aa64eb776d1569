import { parseCidr } from '../model/address.js';
import type { Block, BlockOrigin, ProtectedPeer, Scope } from '../model/block.js';
import type { BlockState } from './decide.js';
import { protectedBy } from './decide.js';

/** A block that a person or a list asks for. `durationS` null: until removed. */
export interface BlockRequest {
  readonly target: string;
  readonly scope: Scope;
  readonly durationS: number | null;
  readonly reason: string;
  readonly origin: Exclude<BlockOrigin, 'detector'>;
  /** true: also over a protected peer. */
  readonly force: boolean;
}

export type RequestRefusal =
  | { readonly kind: 'bad-target'; readonly why: string }
  | { readonly kind: 'protected'; readonly peer: ProtectedPeer }
  | { readonly kind: 'full' };

/** Checks a request against the protected peers and the bound; the block, or why there is none. */
export function planRequest(
  state: BlockState,
  request: BlockRequest,
  { observing, blocksMax }: { readonly observing: boolean; readonly blocksMax: number },
  nowUs: number,
): { readonly block: Block } | { readonly refusal: RequestRefusal } {
  const target = parseCidr(request.target);
  if (target === null || target.prefix === 0) {
    return { refusal: { kind: 'bad-target', why: explainTarget(request.target) } };
  }
  const peer = protectedBy(state, target);
  if (peer !== null && !request.force) return { refusal: { kind: 'protected', peer } };
  if (!state.table.byTarget.has(target.text) && state.table.byTarget.size >= blocksMax) {
    return { refusal: { kind: 'full' } };
  }
  const block: Block = {
    id: state.nextBlockId,
    target: target.text,
    scope: request.scope,
    origin: request.origin,
    proof: 'none',
    rule: null,
    attackType: null,
    reason: request.reason,
    createdAtUs: nowUs,
    expiresAtUs: request.durationS === null ? null : nowUs + request.durationS * 1_000_000,
    simulated: observing,
    forced: peer !== null,
  };
  return { block };
}

/** Why a text is no target for a block, in words that say what is allowed. */
export function explainTarget(text: string): string {
  const slash = text.indexOf('/');
  const cidr = parseCidr(slash === -1 ? text : text.slice(0, slash));
  if (cidr === null) return 'not an IPv4 or IPv6 address or CIDR';
  const parsed = parseCidr(text);
  if (parsed?.prefix === 0) return 'a length of 0 would block everybody';
  return parsed === null ? 'bits beyond the length are set, or the length is too long' : 'fine';
}
