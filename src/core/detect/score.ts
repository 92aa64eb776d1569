import { LIMITS } from '../model/limits.js';
import type { Score, Sighting } from '../model/sighting.js';
import { hashText } from './hash.js';
import type { Hash } from './hash.js';
import {
  addKey,
  createKeyTable,
  dropOldest,
  findKey,
  setValue,
  touchKey,
  touchedUs,
  valueOf,
} from './key-table.js';
import type { KeyTable } from './key-table.js';
import { createSlab, getDouble, giveBack, setDouble, takeRecord } from './slab.js';
import type { Slab } from './slab.js';

/** What the operator sets about scores: seconds in which a score falls to its half. */
export interface ScorePolicy {
  readonly scoreHalfLifeS: number;
}

/** The points of each source as they stood when it was touched last. */
export interface ScoreBook {
  /** By the hash of the source's address; the value is a record of `points`. */
  readonly keys: KeyTable;
  /** All points (double 0), and the proven ones (double 1). */
  readonly points: Slab;
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
  keys: createKeyTable(),
  points: createSlab(),
  sourcesMax,
  seed,
  evicted: 0,
});

/** The score of a source at `nowUs`. Does not change the book. */
export function readScore(
  book: ScoreBook,
  source: string,
  nowUs: number,
  policy: ScorePolicy,
): Score {
  const entry = findKey(book.keys, keyOf(book, source));
  if (entry === 0) return NO_SCORE;
  const left = decay(nowUs - touchedUs(book.keys, entry), policy);
  const record = valueOf(book.keys, entry);
  return {
    total: getDouble(book.points, record, TOTAL) * left,
    proven: getDouble(book.points, record, PROVEN) * left,
  };
}

/**
 * Adds a sighting's points. Sightings may come in any order (they are read back from the store
 * after a restart): an older one is added as what is left of it.
 */
export function addPoints(book: ScoreBook, sighting: Sighting, policy: ScorePolicy): void {
  const { atUs, points, pointsProven } = sighting;
  const key = keyOf(book, sighting.source);
  const entry = findKey(book.keys, key);
  if (entry === 0) {
    makeRoom(book, atUs, policy);
    const record = takeRecord(book.points);
    setPoints(book, record, points, pointsProven);
    setValue(book.keys, addKey(book.keys, key, atUs), record);
    return;
  }
  const stoodAtUs = touchedUs(book.keys, entry);
  const left = decay(atUs - stoodAtUs, policy);
  const added = decay(stoodAtUs - atUs, policy);
  const record = valueOf(book.keys, entry);
  const total = getDouble(book.points, record, TOTAL) * left + points * added;
  const proven = getDouble(book.points, record, PROVEN) * left + pointsProven * added;
  setPoints(book, record, total, proven);
  touchKey(book.keys, entry, Math.max(stoodAtUs, atUs));
}

/**
 * A block pays for the points that led to it: the next one needs new ones, so that a source whose
 * block has ended is free, and not blocked again for a single harmless look.
 */
export function spendPoints(book: ScoreBook, source: string): void {
  const entry = findKey(book.keys, keyOf(book, source));
  if (entry !== 0) setPoints(book, valueOf(book.keys, entry), 0, 0);
}

/** One for the whole program: it is used up before anything else can run. */
const sourceKey: Hash = { lo: 0, hi: 0 };

function keyOf({ seed }: ScoreBook, source: string): Hash {
  hashText(sourceKey, source, seed);
  return sourceKey;
}

function setPoints({ points }: ScoreBook, record: number, total: number, proven: number): void {
  setDouble(points, record, TOTAL, total);
  setDouble(points, record, PROVEN, proven);
}

/** The part left after a time; 1 for none and for a clock that was set back. */
function decay(passedUs: number, { scoreHalfLifeS }: ScorePolicy): number {
  return passedUs <= 0 ? 1 : 2 ** (-passedUs / (scoreHalfLifeS * 1e6));
}

/** Two steps of cleaning for one new entry keep pace with any number of sources. */
function makeRoom(book: ScoreBook, nowUs: number, policy: ScorePolicy): void {
  const { keys, points } = book;
  for (let step = 0; step < 2 && keys.oldest !== 0; step += 1) {
    const record = valueOf(keys, keys.oldest);
    const left =
      getDouble(points, record, TOTAL) * decay(nowUs - touchedUs(keys, keys.oldest), policy);
    if (keys.size < book.sourcesMax && left >= POINTS_FORGOTTEN) return;
    giveBack(points, record);
    dropOldest(keys);
    if (left >= POINTS_FORGOTTEN) book.evicted += 1;
  }
}
