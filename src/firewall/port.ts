import type { FirewallChange, KernelScope } from '../core/model/block.js';

/** A block as the firewall needs it. `timeoutS` null: no end. */
export interface DesiredBlock {
  readonly target: string;
  readonly scope: KernelScope;
  readonly timeoutS: number | null;
}

/** All that must be in force. Targets are canonical CIDR text with a length, each there once. */
export interface DesiredFirewall {
  readonly protect: readonly string[];
  readonly sipPorts: readonly number[];
  readonly blocksMax: number;
  readonly blocks: readonly DesiredBlock[];
  /** true: a spoofing storm is on, so new flows to the trap's UDP socket are limited in rate. */
  readonly limiting: boolean;
  readonly storm: StormLimit;
}

/** What is limited in a spoofing storm. */
export interface StormLimit {
  /** New flows in a second that pass; a source gets a tenth. */
  readonly rate: number;
  readonly udpPort: number;
  /** The addresses of the trap's UDP sockets, canonical; `0.0.0.0` and `::` are all of a family. */
  readonly addresses: readonly string[];
}

/** The limit before settings are known. */
export const NO_STORM: StormLimit = { rate: 1, udpPort: 5060, addresses: ['0.0.0.0', '::'] };

/** A block found in the firewall. `expiresS` null: no kernel timeout. */
export interface ActualBlock {
  readonly target: string;
  readonly scope: KernelScope;
  readonly expiresS: number | null;
  /** Seconds since it was written; null where the firewall does not say. */
  readonly ageS: number | null;
  readonly packetsDropped: number;
}

/** Whose table it is: the agent with this database. */
export interface FirewallOwner {
  readonly kind: 'trial' | 'installed';
  /** Tells databases apart; the path is shortened for people. */
  readonly id: string;
  readonly path: string;
}

export interface ActualFirewall {
  /** false: our table is not there, so nothing of ours is in force. */
  readonly present: boolean;
  readonly protect: readonly string[];
  readonly blocks: readonly ActualBlock[];
}

export interface FirewallLook {
  /** true: our rules are all there, once each, as this program wrote them where it wrote any. */
  readonly present: boolean;
  /**
   * What others put into what this program wrote, or took out of it, as the firewall names it; text of
   * theirs. Empty where nothing is, and where that cannot be told.
   */
  readonly foreign: readonly string[];
  /** null: nobody, or somebody who left no mark. */
  readonly owner: FirewallOwner | null;
  /** The process of that owner which runs in this network, as it numbers itself; null: none does. */
  readonly keeperPid: number | null;
}

/**
 * What a firewall backend offers. Every method rejects with an AgentError (FIREWALL_*) that
 * repeats the program's own words; none of them changes anything that is not ours.
 */
export interface Firewall {
  readonly name: 'nftables' | 'ufw' | 'hook' | 'observe';
  /** true: what is in force can be read back and compared. */
  readonly readable: boolean;
  /** true: an element goes when its time is over; else the agent's job takes it away. */
  readonly expiresItself: boolean;
  /** true: additions may be applied while others are under way; all else waits for what came before. */
  readonly addsSideBySide: boolean;
  /** true: it is heard at once when rules of ours are taken away. */
  readonly watched: () => boolean;
  /** One line when this backend can work here, an AgentError when it cannot. Changes nothing. */
  probe(): Promise<string>;
  /** Replaces everything of ours by `desired`, in one transaction: no moment without protection. */
  sync(desired: DesiredFirewall): Promise<void>;
  /**
   * The quickest way back after rules of ours were taken away: asks for what must be in force,
   * and writes it, only where there is nothing of ours. False: something is there, or this backend has no such way.
   */
  restore(makeDesired: () => DesiredFirewall): Promise<boolean>;
  /** Ordered. After it resolves the changes are in force; after it rejects, none of them is. */
  apply(changes: readonly FirewallChange[]): Promise<void>;
  /** Whether our rules are all there, and who wrote what is; quick at any number of blocks. */
  look(): Promise<FirewallLook>;
  /** Calls `see` for each block in force, in bounded memory; false: our rules are not there. */
  visit(see: (block: ActualBlock) => void): Promise<boolean>;
  /** Replaces the protected peers; blocks stay as they are. */
  protect(peers: readonly string[]): Promise<void>;
  /** Limits the rate of new flows to the trap, or ceases to. */
  limit(on: boolean): Promise<void>;
  /** Calls `lost` soon after rules of ours were taken away, where the firewall can tell. */
  watch(lost: () => void): void;
  /** What is in force, read off the firewall itself. */
  read(): Promise<ActualFirewall>;
  /** Our rules as the firewall program itself prints them, without the elements. */
  print(): Promise<string>;
  /** Takes away everything of ours. */
  remove(): Promise<void>;
  /** Ends what was started to watch and write; rules stay. */
  close(): Promise<void>;
}
