import { LIMITS } from '../common/limits.js';
import type { Sighting } from '../model/sighting.js';
import type { Detection } from '../detect/detect.js';

/**
 * Of the threshold, the part that one rule must give for a message to tell against its source. What a
 * polite look scored before is no message of an attack.
 */
export const ACCUSING_PART = 4;

/**
 * A source that scored enough for a block without proof, and is not blocked yet: by one packet, which
 * anybody can forge, or during a storm. What it goes on to send decides.
 */
export interface Suspect {
  readonly sinceUs: number;
  /** What it scored then; the score itself fades. */
  readonly total: number;
  /** Why: what names its block. */
  readonly sightings: readonly Sighting[];
  /** Different messages of it in which a rule sees an attack. */
  messages: number;
  /** How many of them we answered since. */
  answered: number;
  /** The breaker has counted it. */
  counted: boolean;
}

/** Suspects by their identity, the one heard last at the end; the first goes at the bound. */
export type Suspects = Map<string, Suspect>;

const KEPT_US = LIMITS.suspects.keptS * 1_000_000;

/** The suspect that a source is; null: none, or not any more. */
export function findSuspect(suspects: Suspects, identity: string, nowUs: number): Suspect | null {
  if (suspects.size === 0) return null;
  const known = suspects.get(identity);
  if (known === undefined) return null;
  if (nowUs - known.sinceUs < KEPT_US) return known;
  suspects.delete(identity);
  return null;
}

/** Keeps a suspect as the one heard last. */
export function keepSuspect(suspects: Suspects, identity: string, suspect: Suspect): void {
  suspects.delete(identity);
  suspects.set(identity, suspect);
  if (suspects.size <= LIMITS.suspects.max) return;
  const first = suspects.keys().next();
  if (first.done !== true) suspects.delete(first.value);
}

type Grounds = Pick<Detection, 'score' | 'sightings' | 'ownMessages'>;

/** A source under suspicion for the first time. */
export const newSuspect = (grounds: Grounds, threshold: number, nowUs: number): Suspect => ({
  sinceUs: nowUs,
  total: grounds.score.total,
  sightings: grounds.sightings,
  messages: messagesBehind(grounds, threshold),
  answered: 0,
  counted: false,
});

/** Two where there were several: whether a score rests on one message alone is all that is asked. */
function messagesBehind({ score, sightings, ownMessages }: Grounds, threshold: number): number {
  const points = sightings.reduce((sum, each) => sum + each.points, 0);
  const before = score.total - points;
  return ownMessages > 1 || before * ACCUSING_PART >= threshold ? 2 : 1;
}
