import type { AttackType } from './attack-type.js';

/** One firing of one rule for one source. */
export interface Sighting {
  readonly atUs: number;
  /** Canonical address of the source that gets the points. */
  readonly source: string;
  readonly rule: string;
  readonly ruleVersion: number;
  readonly attackType: AttackType;
  readonly points: number;
  /** How many of `points` come from proven events alone (0 ≤ pointsProven ≤ points). */
  readonly pointsProven: number;
  /** A sentence for a person: what was seen, with the numbers. Packet text in it is escaped. */
  readonly reason: string;
  /** The last events behind it, oldest first, bounded by `sightingEventIdsMax`. */
  readonly eventIds: readonly number[];
}

/** A source's standing at a moment, in points. */
export interface Score {
  readonly total: number;
  /** The part that proven events alone gave. */
  readonly proven: number;
}
