import { LIMITS } from '../../common/limits.js';
import type { Score, Sighting } from '../../model/sighting.js';
import { hashText } from '../fields/hash.js';
import type { Hash } from '../fields/hash.js';
import {
  addKey,
  createKeyTable,
  dropOldest,
  findKey,
  sizeOf,
  touchKey,
  touchedUs,
} from '../count/key-table.js';
import type { KeyTable } from '../count/key-table.js';

/** What the operator sets about scores: seconds in which a score falls to its half. */
export interface ScorePolicy {
  readonly scoreHalfLifeS: number;
}

/** The points of each source as they stood when it was touched last. Sources go by their identity (model/identity.ts). */
export interface ScoreBook {
  /** By the hash of the source's identity. */
  readonly keys: KeyTable;
  /** For each record of `keys` all points, then the proven ones. */
  readonly points: Float64Array;
  readonly sourcesMax: number;
  readonly seed: number;
  /** Sources whose score was given up because there were too many. */
  evicted: number;
}

const NO_SCORE: Score = { total: 0, proven: 0 };
/** Below this nothing is left that could matter; the entry is taken away in passing. */
const POINTS_FORGOTTEN = 0.5;
const TOTAL = 0;
const PROVEN = 1;

export const createScoreBook = (
  sourcesMax: number = LIMITS.scoredSourcesMax,
  seed = 0,
): ScoreBook => ({
  keys: createKeyTable(sourcesMax),
  points: new Float64Array((sourcesMax + 1) * 2),
  sourcesMax,
  seed,
  evicted: 0,
});

/** The score of a source at `nowUs`. Does not change the book. */
export const readScore = (
  book: ScoreBook,
  source: string,
  nowUs: number,
  policy: ScorePolicy,
): Score => readScoreAt(book, keyOf(book, source), nowUs, policy);

/** The same by the hash of the source's identity, made with the book's seed. */
export function readScoreAt(
  book: ScoreBook,
  source: Hash,
  nowUs: number,
  policy: ScorePolicy,
): Score {
  const entry = findKey(book.keys, source);
  if (entry === 0) return NO_SCORE;
  const left = decay(nowUs - touchedUs(book.keys, entry), policy);
  return {
    total: pointsAt(book, entry, TOTAL) * left,
    proven: pointsAt(book, entry, PROVEN) * left,
  };
}

/**
 * Adds a sighting's points. Sightings may come in any order (they are read back from the store
 * after a restart): an older one is added as what is left of it.
 */
export function addPoints(
  book: ScoreBook,
  source: string,
  { atUs, points, pointsProven }: Sighting,
  policy: ScorePolicy,
): void {
  const key = keyOf(book, source);
  const entry = findKey(book.keys, key);
  if (entry === 0) {
    makeRoom(book, atUs, policy);
    setPoints(book, addKey(book.keys, key, atUs), points, pointsProven);
    return;
  }
  const stoodAtUs = touchedUs(book.keys, entry);
  const left = decay(atUs - stoodAtUs, policy);
  const added = decay(stoodAtUs - atUs, policy);
  const total = pointsAt(book, entry, TOTAL) * left + points * added;
  const proven = pointsAt(book, entry, PROVEN) * left + pointsProven * added;
  setPoints(book, entry, total, proven);
  touchKey(book.keys, entry, Math.max(stoodAtUs, atUs));
}

/**
 * A block pays for the points that led to it: the next one needs new ones, so that a source whose
 * block has ended is free, and not blocked again for a single harmless look.
 */
export function spendPoints(book: ScoreBook, source: string, keepProven: boolean): void {
  const entry = findKey(book.keys, keyOf(book, source));
  if (entry === 0) return;
  const kept = keepProven ? pointsAt(book, entry, PROVEN) : 0;
  setPoints(book, entry, kept, kept);
}

/** One for the whole program: it is used up before anything else can run. */
const sourceKey: Hash = { lo: 0, hi: 0 };

function keyOf({ seed }: ScoreBook, source: string): Hash {
  hashText(sourceKey, source, seed);
  return sourceKey;
}

const pointsAt = ({ points }: ScoreBook, entry: number, which: number): number =>
  points[entry * 2 + which] ?? 0;

function setPoints({ points }: ScoreBook, entry: number, total: number, proven: number): void {
  points[entry * 2 + TOTAL] = total;
  points[entry * 2 + PROVEN] = proven;
}

/** The part left after a time; 1 for none and for a clock that was set back. */
function decay(passedUs: number, { scoreHalfLifeS }: ScorePolicy): number {
  // A third of what a power of two takes.
  return passedUs <= 0 ? 1 : Math.exp((-passedUs / (scoreHalfLifeS * 1e6)) * Math.LN2);
}

/** Two steps of cleaning for one new entry keep pace with any number of sources. */
function makeRoom(book: ScoreBook, nowUs: number, policy: ScorePolicy): void {
  const { keys } = book;
  for (let step = 0; step < 2 && keys.oldest !== 0; step += 1) {
    const left =
      pointsAt(book, keys.oldest, TOTAL) * decay(nowUs - touchedUs(keys, keys.oldest), policy);
    if (sizeOf(keys) < book.sourcesMax && left >= POINTS_FORGOTTEN) return;
    dropOldest(keys);
    if (left >= POINTS_FORGOTTEN) book.evicted += 1;
  }
}
