import type { FirewallChange, Scope } from '../core/model/block.js';

/** A block as the firewall needs it. `timeoutS` null: no end. */
export interface DesiredBlock {
  readonly target: string;
  readonly scope: Scope;
  readonly timeoutS: number | null;
}

/** All that must be in force. Targets are canonical CIDR text with a length. */
export interface DesiredFirewall {
  readonly protect: readonly string[];
  readonly sipPorts: readonly number[];
  readonly blocksMax: number;
  readonly blocks: readonly DesiredBlock[];
}

/** A block found in the firewall. `expiresS` null: no kernel timeout. */
export interface ActualBlock {
  readonly target: string;
  readonly scope: Scope;
  readonly expiresS: number | null;
  readonly packetsDropped: number;
}

export interface ActualFirewall {
  /** false: our table is not there, so nothing of ours is in force. */
  readonly present: boolean;
  readonly protect: readonly string[];
  readonly blocks: readonly ActualBlock[];
}

/**
 * What a firewall backend offers. Every method rejects with an AgentError (FIREWALL_*) that
 * repeats the program's own words; none of them changes anything that is not ours.
 */
export interface Firewall {
  readonly name: 'nftables' | 'ufw' | 'hook' | 'observe';
  /** One line when this backend can work here, an AgentError when it cannot. Changes nothing. */
  probe(): Promise<string>;
  /** Replaces everything of ours by `desired`, in one transaction: no moment without protection. */
  sync(desired: DesiredFirewall): Promise<void>;
  /** Ordered. After it resolves the changes are in force; after it rejects, none of them is. */
  apply(changes: readonly FirewallChange[]): Promise<void>;
  /** What is in force, read off the firewall itself. */
  read(): Promise<ActualFirewall>;
  /** Our rules as the firewall program itself prints them, without the elements. */
  print(): Promise<string>;
  /** Takes away everything of ours. */
  remove(): Promise<void>;
}
