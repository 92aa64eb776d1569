import { LIMITS } from '../model/limits.js';
import type { Score, Sighting } from '../model/sighting.js';
import { addEntry, createRecentMap, dropOldest, findEntry, touchEntry } from './recent-map.js';
import type { RecentMap } from './recent-map.js';

/** What the operator sets about scores: seconds in which a score falls to its half. */
export interface ScorePolicy {
  readonly scoreHalfLifeS: number;
}

/** Points as they stood at `atUs`. */
interface Standing {
  total: number;
  proven: number;
  atUs: number;
}

export interface ScoreBook {
  readonly standings: RecentMap<Standing>;
  readonly sourcesMax: number;
  /** Sources whose score was given up because there were too many. */
  evicted: number;
}

const NO_SCORE: Score = { total: 0, proven: 0 };
/** Below this nothing is left that could matter; the entry is taken away in passing. */
const POINTS_FORGOTTEN = 0.5;

export const createScoreBook = (sourcesMax: number = LIMITS.scoredSourcesMax): ScoreBook => ({
  standings: createRecentMap<Standing>(),
  sourcesMax,
  evicted: 0,
});

/** The score of a source at `nowUs`. Does not change the book. */
export function readScore(
  book: ScoreBook,
  source: string,
  nowUs: number,
  policy: ScorePolicy,
): Score {
  const standing = findEntry(book.standings, source)?.value;
  if (standing === undefined) return NO_SCORE;
  const left = decay(nowUs - standing.atUs, policy);
  return { total: standing.total * left, proven: standing.proven * left };
}

/**
 * Adds a sighting's points. Sightings may come in any order (they are read back from the store
 * after a restart): an older one is added as what is left of it.
 */
export function addPoints(book: ScoreBook, sighting: Sighting, policy: ScorePolicy): void {
  const { source, atUs, points, pointsProven } = sighting;
  const entry = findEntry(book.standings, source);
  if (entry === null) {
    makeRoom(book, atUs, policy);
    addEntry(book.standings, source, { total: points, proven: pointsProven, atUs }, atUs);
    return;
  }
  const standing = entry.value;
  const left = decay(atUs - standing.atUs, policy);
  const added = decay(standing.atUs - atUs, policy);
  standing.total = standing.total * left + points * added;
  standing.proven = standing.proven * left + pointsProven * added;
  standing.atUs = Math.max(standing.atUs, atUs);
  touchEntry(book.standings, entry, standing.atUs);
}

/**
 * A block pays for the points that led to it: the next one needs new ones, so that a source whose
 * block has ended is free, and not blocked again for a single harmless look.
 */
export function spendPoints(book: ScoreBook, source: string): void {
  const standing = findEntry(book.standings, source)?.value;
  if (standing === undefined) return;
  standing.total = 0;
  standing.proven = 0;
}

/** The part left after a time; 1 for none and for a clock that was set back. */
function decay(passedUs: number, { scoreHalfLifeS }: ScorePolicy): number {
  return passedUs <= 0 ? 1 : 2 ** (-passedUs / (scoreHalfLifeS * 1e6));
}

/** Two steps of cleaning for one new entry keep pace with any number of sources. */
function makeRoom(book: ScoreBook, nowUs: number, policy: ScorePolicy): void {
  for (let step = 0; step < 2; step += 1) {
    const oldest = book.standings.oldest?.value;
    if (oldest === undefined) return;
    const left = oldest.total * decay(nowUs - oldest.atUs, policy);
    const full = book.standings.size >= book.sourcesMax;
    if (!full && left >= POINTS_FORGOTTEN) return;
    dropOldest(book.standings);
    if (left >= POINTS_FORGOTTEN) book.evicted += 1;
  }
}
