import type { Scope } from '../model/block.js';
import type { SourcePrefixes } from '../model/identity.js';

/** What the operator wants of blocking: the `[blocking]` section, in seconds and points. */
export interface BlockPolicy extends SourcePrefixes {
  /** true: decide and keep, but write no firewall rule. */
  readonly observing: boolean;
  readonly threshold: number;
  readonly durationS: number;
  /** Each further proven block of a target lasts this many times longer. */
  readonly durationFactor: number;
  readonly durationMaxS: number;
  /** What a source gets whose points are not proven: forged packets must not cut off a carrier. */
  readonly unproven: 'none' | Scope;
  readonly unprovenDurationS: number;
  readonly scope: Scope;
  /**
   * Different proven targets of one network (of the lengths below, within the window) at which the
   * network is blocked as a whole; 0: never.
   */
  readonly prefixBlockSources: number;
  readonly prefixBlockIpv4: number;
  readonly prefixBlockIpv6: number;
  readonly prefixBlockWindowS: number;
  readonly blocksMax: number;
  readonly newUnprovenPerMinuteMax: number;
}
