import { canonicalAddress, cidrOf, parseCidr, type Cidr } from '../common/address.js';
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
  /** true: also a network that is wider than somebody means by a slip of the finger. */
  readonly wide?: boolean;
}

export type RequestRefusal =
  | { readonly kind: 'bad-target'; readonly why: string }
  | { readonly kind: 'wide'; readonly why: string }
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
  if (target === null || isNobody(target)) {
    return { refusal: { kind: 'bad-target', why: explainTarget(request.target) } };
  }
  if (isWide(target) && request.wide !== true && !request.force) {
    return { refusal: { kind: 'wide', why: explainWidth(target) } };
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

/** No registry gives a wider network to anybody (IPv4: /8; IPv6: /19 is the widest allocated). */
const WIDEST = { 4: 8, 6: 19 } as const;

export const isWide = ({ family, prefix }: Cidr): boolean => prefix < WIDEST[family];

export const explainWidth = ({ family, prefix }: Cidr): string =>
  `that is 1/${2 ** prefix} of all IPv${family} addresses`;

/** Everybody, or an address that no packet comes from. */
const isNobody = ({ text, prefix }: Cidr): boolean => prefix === 0 || SENDERLESS.has(text);

const SENDERLESS: ReadonlySet<string> = new Set(['0.0.0.0/32', '255.255.255.255/32', '::/128']);

/** Why a text is no target for a block, in words that say what is allowed. */
export function explainTarget(text: string): string {
  const parsed = parseCidr(text);
  if (parsed?.prefix === 0) return 'a length of 0 would block everybody';
  if (parsed !== null && isNobody(parsed)) return 'no packet ever comes from this address';
  if (parsed !== null) return 'fine';
  const slash = text.indexOf('/');
  const address = canonicalAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === null) return 'not an IPv4 or IPv6 address or CIDR';
  if (text.includes('%')) return 'a zone (%eth0) cannot be blocked: give the address alone';
  const length = text.slice(slash + 1);
  const bits = address.includes(':') ? 128 : 32;
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) {
    return `the length of an IPv${bits === 32 ? 4 : 6} network is a number from 1 to ${bits}`;
  }
  const meant = cidrOf(address, Number(length))?.text ?? '';
  return `bits beyond the length are set: the network is ${meant}, the address alone ${address}`;
}
