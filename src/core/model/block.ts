import type { AttackType } from './attack-type.js';
import type { Proof } from './proof.js';

/**
 * What a block closes to its target. `all`: everything; `sip`: the SIP ports; `beside`: everything
 * but the trap's own sockets, so that the trap goes on hearing and answering it.
 */
export const SCOPES = ['all', 'sip', 'beside'] as const;
export type Scope = (typeof SCOPES)[number];
/**
 * Where a block sits in the firewall: by its scope, or before the protected peers when it was forced
 * over one of them.
 */
export type KernelScope = Scope | 'forced';
/** How a block came to be; `api`: over the HTTP API, with a token. */
export const BLOCK_ORIGINS = ['detector', 'manual', 'import', 'feed', 'api'] as const;
export type BlockOrigin = (typeof BLOCK_ORIGINS)[number];

/** A stored decision to block. The database holds the truth, the kernel a copy. */
export interface Block {
  readonly id: number;
  /** Canonical CIDR text, always with its length: `203.0.113.7/32`, `2001:db8::/64`. */
  readonly target: string;
  readonly scope: Scope;
  readonly origin: BlockOrigin;
  readonly proof: Proof;
  readonly rule: string | null;
  readonly attackType: AttackType | null;
  readonly reason: string;
  readonly createdAtUs: number;
  /** null: until removed by hand. */
  readonly expiresAtUs: number | null;
  /** true: decided while observing; no firewall rule was written for it. */
  readonly simulated: boolean;
  /** true: made by hand over a protected peer; it drops every packet, also the peer's. */
  readonly forced: boolean;
}

export const kernelScope = (block: Pick<Block, 'scope' | 'forced'>): KernelScope =>
  block.forced ? 'forced' : block.scope;

/** True when a block leaves its target the trap: what it sends there arrives and is answered. */
export const leavesTrap = (block: Pick<Block, 'scope' | 'forced'>): boolean =>
  kernelScope(block) === 'beside';

/** What a source's score means now. */
export type Verdict =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'watch' }
  /** Enough for a block without proof, but for what one forged packet can do, or in a storm. */
  | { readonly kind: 'suspect' }
  /** A real block stands that does what a new one would. `proven`: its source was; `heard`: it is still. */
  | { readonly kind: 'covered'; readonly proven: boolean; readonly heard: boolean }
  | { readonly kind: 'protected'; readonly peer: ProtectedPeer }
  | { readonly kind: 'block'; readonly block: Block };

/** A peer that is never blocked. `from` says where it comes from, for a person. */
export interface ProtectedPeer {
  /** Canonical CIDR text. */
  readonly target: string;
  readonly from: string;
}

/**
 * One change to the firewall. `timeoutS` null: no kernel timeout. Adding a target that is there
 * already sets its timeout anew; removing one that is absent is no error.
 */
export type FirewallChange =
  | {
      readonly kind: 'add';
      readonly target: string;
      readonly scope: KernelScope;
      readonly timeoutS: number | null;
    }
  | { readonly kind: 'remove'; readonly target: string; readonly scope: KernelScope };
