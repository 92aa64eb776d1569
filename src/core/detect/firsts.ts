import type { Board } from './board.js';
import { AT, ENTRY_INTS, EVENT, findEntry, freeEntry, HI, LO, MASK, TAG } from './first-table.js';
import { addEntry, offsetOf } from './group-block.js';
import { addGroup } from './groups.js';
import type { Groups } from './groups.js';
import type { Hash } from './hash.js';
import { findKey, valueOf } from './key-table.js';
import * as value from './ledger-list.js';
import { openEntry, openGroup } from './look-up.js';
import type { Place, Plan } from './plan.js';
import type { DetectLimits } from './state.js';
import { tagOf, wordOf } from './tags.js';
import type { Seen } from './tape.js';
import { ageOf, ticksOf } from './ticks.js';

/**
 * True while the place's ledger, which has no entry yet, has only one source, which is noted here:
 * its count cannot be exceeded. With the second source, or a proven event, the first is moved into
 * the ledger.
 */
export function waitsForSecond(
  board: Board,
  groups: Groups,
  plan: Plan,
  place: Place,
  source: Hash,
  limits: DetectLimits,
  seen: Seen,
  proven: boolean,
): boolean {
  const key = plan.specs[place.spec]?.key.read() ?? null;
  if (key === null) return false;
  const { ints } = groups.firsts;
  const tag = tagOf(place.word);
  const kept = plan.ledgers[tag]?.kept ?? 0;
  const entry = findEntry(ints, key, tag);
  const isKnown = entry !== -1 && ageOf(ints[entry + AT] ?? 0, seen.now) < kept;
  const isOwn = isKnown && ints[entry + LO] === source.lo && ints[entry + HI] === source.hi;
  if (isKnown && (proven || !isOwn)) {
    const group = openGroup(board, groups, plan, place.spec, limits, seen.nowUs);
    if (group === 0) return false;
    const at = openEntry(board, groups, group, wordOf(tag), value.VALUE_CELLS);
    if (at !== 0) moveEntry(groups, plan, entry, valueOf(groups.keys, group) + offsetOf(at));
    return false;
  }
  if (proven) return false;
  const at = entry === -1 ? freeEntry(ints, plan, key, seen.now) : entry;
  const mask = isOwn ? (ints[at + MASK] ?? 0) : 0;
  ints[at] = key.lo;
  ints[at + 1] = key.hi;
  ints[at + LO] = source.lo;
  ints[at + HI] = source.hi;
  ints[at + AT] = seen.now;
  ints[at + EVENT] = seen.eventId;
  ints[at + MASK] = mask | (1 << place.bit);
  ints[at + TAG] = tag;
  return true;
}

/** Makes an entry the first value of a ledger, at `to`. */
function moveEntry({ arena, firsts }: Groups, plan: Plan, entry: number, to: number): void {
  const from = firsts.ints;
  const { ints } = arena;
  ints[to + value.LO] = from[entry + LO] ?? 0;
  ints[to + value.HI] = from[entry + HI] ?? 0;
  ints[to + value.AT] = from[entry + AT] ?? 0;
  ints[to + value.EVENT] = from[entry + EVENT] ?? 0;
  ints[to + value.MASK] = from[entry + MASK] ?? 0;
  const bits = (from[entry + TAG] ?? 0) * 32;
  for (let mask = from[entry + MASK] ?? 0; mask !== 0; mask &= mask - 1) {
    const rule = plan.bitRules[bits + 31 - Math.clz32(mask & -mask)];
    if (rule !== undefined) rule.state.members += 1;
  }
  from[entry + MASK] = 0;
}

/**
 * After a change of the rules: what waits for a ledger that may not wait any more, for it has another
 * rule now, goes into it; what waits for none is given up.
 */
export function keepFirsts(groups: Groups, plan: Plan, groupsMax: number, nowUs: number): void {
  const { ints } = groups.firsts;
  for (let at = 0; at < ints.length; at += ENTRY_INTS) {
    if (ints[at + MASK] === 0) continue;
    const tag = ints[at + TAG] ?? 0;
    const ledger = plan.ledgers[tag];
    if (ledger?.firsts === true) continue;
    if (ledger === undefined || ledger.sizeMax === 0) {
      ints[at + MASK] = 0;
      continue;
    }
    if (ageOf(ints[at + AT] ?? 0, ticksOf(nowUs)) >= ledger.kept) {
      ints[at + MASK] = 0;
      continue;
    }
    const key = { lo: ints[at] ?? 0, hi: ints[at + 1] ?? 0 };
    const known = findKey(groups.keys, key);
    const group = known === 0 ? addGroup(groups, plan, key, groupsMax, nowUs) : known;
    const place = addEntry(groups, group, wordOf(tag), value.VALUE_CELLS);
    if (place === 0) ints[at + MASK] = 0;
    else moveEntry(groups, plan, at, valueOf(groups.keys, group) + offsetOf(place));
  }
}
