import type { TrapEvent } from '../model/event.js';
import { cellsOf } from './arena.js';
import type { Arena } from './arena.js';
import { lookAt } from './event-view.js';
import { LIST, LISTED, offsetOf, readDirectory } from './group-block.js';
import { findKey, valueOf } from './key-table.js';
import { AGAIN, AT, eachHeld, MASK } from './ledger-list.js';
import type { Place, RulePlan } from './plan.js';
import type { DetectState } from './state.js';
import { eachOnTape } from './tape.js';
import { ageOf, ticksOf } from './ticks.js';

/** How many things count now where a rule counts, and how many it takes for it to fire. */
export interface Tally {
  readonly things: number;
  readonly needed: number;
}

/** Reads rules' tallies in the groups of one event after another. */
export interface TallyReader {
  /** Looks at an event: which groups it belongs to. */
  lookAt(event: TrapEvent): void;
  /** Null where the rule does not count, or has counted nothing in the group of the event. */
  read(rule: RulePlan): Tally | null;
  /** Looks at no event any more. */
  end(): void;
}

/**
 * The one way to look into the counting from outside of it; changes nothing there, and is used up before
 * anything is counted. Where the source must have its own share, the tally that is further from firing
 * is given.
 */
export function createTallyReader(state: DetectState, nowUs: number): TallyReader {
  const directories = new Map<number, Int32Array>();
  return {
    lookAt: (event) => {
      lookAt(event, state.seed);
    },
    read: ({ main, own }) => {
      if (main === null) return null;
      const tallies = [main, ...(own === null ? [] : [own])].map((place) => ({
        things: countAt(state, directories, place, nowUs),
        needed: place.over + 1,
      }));
      const least = tallies.reduce((a, b) => (share(b) < share(a) ? b : a));
      return least.things === 0 ? null : least;
    },
    end: () => {
      lookAt(null);
    },
  };
}

/** How near a tally is to firing: 1 is there. */
export const share = ({ things, needed }: Tally): number => things / needed;

function countAt(
  state: DetectState,
  directories: Map<number, Int32Array>,
  place: Place,
  nowUs: number,
): number {
  const { groups, plan } = state;
  const key = plan.specs[place.spec]?.key.read() ?? null;
  const group = key === null ? 0 : findKey(groups.keys, key);
  const block = group === 0 ? 0 : valueOf(groups.keys, group);
  if (block === 0) return 0;
  const found = placeIn(state, directories, group, block)[place.word] ?? 0;
  if (found === 0) return 0;
  const entry = block + offsetOf(found);
  const now = ticksOf(nowUs);
  switch (place.shape) {
    case 'bucket':
      return countInBucket(groups.arena, entry, place, nowUs);
    case 'tape':
      return countOnTape(groups.arena, entry, place, now);
    case 'ledger':
      return countInLedger(groups.arena, entry, (found & LISTED) !== 0, place, now);
  }
}

/** The directory of a group, with a stamp and in a table of its own: the board belongs to the events. */
function placeIn(
  { groups: { arena }, plan }: DetectState,
  directories: Map<number, Int32Array>,
  group: number,
  block: number,
): Int32Array {
  const known = directories.get(group);
  if (known !== undefined) return known;
  const places = new Int32Array(plan.tagsEnd * 2);
  readDirectory(arena, block, cellsOf(arena, block), 0, places);
  directories.set(group, places);
  return places;
}

function countInBucket(
  { doubles }: Arena,
  entry: number,
  { leakUs }: Place,
  nowUs: number,
): number {
  return Math.max(0, Math.ceil(((doubles[entry >> 1] ?? 0) - nowUs) / leakUs));
}

function countOnTape(arena: Arena, entry: number, place: Place, now: number): number {
  let things = 0;
  eachOnTape(arena, entry, place, now, (age) => {
    if (place.within === 0 || age < place.within) things += 1;
  });
  return things;
}

function countInLedger(
  arena: Arena,
  entry: number,
  listed: boolean,
  { bit, within }: Place,
  now: number,
): number {
  const { ints } = arena;
  let things = 0;
  eachHeld(arena, entry, listed ? (ints[entry + LIST] ?? 0) : 0, (at) => {
    // A value that has not settled yet may do so; one that came again never will.
    const counts = (((ints[at + MASK] ?? 0) & ~(ints[at + AGAIN] ?? 0)) >> bit) & 1;
    if (counts === 1 && ageOf(ints[at + AT] ?? 0, now) < within) things += 1;
  });
  return things;
}
