import type { AttackType } from '../../core/model/attack-type.js';
import type { Threat } from '../../store/read/read-sources.js';
import { formatTime, type BlockView } from '../views.js';

export interface ThreatView {
  readonly address: string;
  readonly first_at: string;
  readonly last_at: string;
  readonly sightings: number;
  /** Points of the time that was asked for, before decay. */
  readonly points: number;
  readonly points_proven: number;
  /** Points as of now: after decay, since the last block by a rule. */
  readonly score: number;
  readonly score_proven: number;
  readonly threshold: number;
  /** Why: the rule that gave most first, each with the words of its last sighting. */
  readonly why: readonly {
    readonly rule: string;
    readonly attack_type: AttackType;
    readonly sightings: number;
    readonly points: number;
    readonly last_at: string;
    readonly reason: string;
  }[];
  /** The block in force that covers it; null: none does. */
  readonly block: BlockView | null;
  /** Why it is never blocked; null: it may be. */
  readonly protected_by: string | null;
}

export interface ThreatsListing {
  readonly threats: readonly ThreatView[];
  readonly since: string;
  readonly limit: number;
  readonly offset: number;
}

export interface ThreatNow {
  readonly score: { readonly total: number; readonly proven: number };
  readonly threshold: number;
  readonly block: BlockView | null;
  readonly protectedBy: string | null;
}

export const threatView = (threat: Threat, now: ThreatNow): ThreatView => ({
  address: threat.address,
  first_at: formatTime(threat.firstAtUs),
  last_at: formatTime(threat.lastAtUs),
  sightings: threat.sightings,
  points: threat.points,
  points_proven: threat.pointsProven,
  score: now.score.total,
  score_proven: now.score.proven,
  threshold: now.threshold,
  why: threat.rules.map((each) => ({
    rule: each.rule,
    attack_type: each.attackType,
    sightings: each.sightings,
    points: each.points,
    last_at: formatTime(each.lastAtUs),
    reason: each.reason,
  })),
  block: now.block,
  protected_by: now.protectedBy,
});
