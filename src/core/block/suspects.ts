import { LIMITS } from '../model/limits.js';
import type { Score, Sighting } from '../model/sighting.js';

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

/** A source under suspicion for the first time. */
export const newSuspect = (
  { total }: Score,
  sightings: readonly Sighting[],
  nowUs: number,
): Suspect => ({
  sinceUs: nowUs,
  total,
  sightings,
  messages: messagesBehind(total, sightings),
  answered: 0,
  counted: false,
});

/** Two where there were several: whether a score rests on one message alone is all that is asked. */
function messagesBehind(total: number, sightings: readonly Sighting[]): number {
  const points = sightings.reduce((sum, each) => sum + each.points, 0);
  // What is left of a score that has faded to nothing is no other message.
  if (total - points >= 1) return 2;
  return sightings.some(({ eventIds }) => eventIds.length > 1) ? 2 : 1;
}
