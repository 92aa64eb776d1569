import type { Board } from './board.js';
import { ENTRY_INTS, findEntry, freeEntry, TAG } from './first-table.js';
import { addGroup, addRecord } from './groups.js';
import type { Groups } from './groups.js';
import { findKey } from './key-table.js';
import { meetValue } from './ledger-scan.js';
import { openGroup } from './look-up.js';
import { tagOf, wordOf } from './plan.js';
import type { Place, Plan } from './plan.js';
import { AT, EVENT, HI, LO, MASK } from './record.js';
import type { DetectLimits } from './state.js';
import type { Seen } from './tape.js';
import { ageOf } from './ticks.js';

/**
 * True while the place's ledger has only one source, which is noted here: its count cannot be
 * exceeded. With the second source, or a proven event, the first is moved into the ledger.
 */
export function waitsForSecond(
  board: Board,
  groups: Groups,
  plan: Plan,
  place: Place,
  limits: DetectLimits,
  seen: Seen,
  proven: boolean,
): boolean {
  const { word, bit } = place;
  if (board.size[word] !== 0 || board.found[word] !== 0) return false;
  const key = plan.specs[place.spec]?.key.read() ?? null;
  if (key === null) return false;
  const { ints } = groups.firsts;
  const tag = tagOf(word);
  const kept = plan.ledgers[tag]?.kept ?? 0;
  const entry = findEntry(ints, key, tag);
  const isKnown = entry !== -1 && ageOf(ints[entry + AT] ?? 0, seen.now) < kept;
  const isOwn = isKnown && ints[entry + LO] === board.lo[tag] && ints[entry + HI] === board.hi[tag];
  if (isKnown && (proven || !isOwn)) {
    moveToLedger(board, groups, plan, place, entry, limits, seen);
    return false;
  }
  if (proven) return false;
  const at = entry === -1 ? freeEntry(ints, plan, key, seen.now) : entry;
  const mask = isOwn ? (ints[at + MASK] ?? 0) : 0;
  ints[at] = key.lo;
  ints[at + 1] = key.hi;
  ints[at + LO] = board.lo[tag] ?? 0;
  ints[at + HI] = board.hi[tag] ?? 0;
  ints[at + AT] = seen.now;
  ints[at + EVENT] = seen.eventId;
  ints[at + MASK] = mask | (1 << bit);
  ints[at + TAG] = tag;
  return true;
}

function moveToLedger(
  board: Board,
  groups: Groups,
  plan: Plan,
  { spec, word }: Place,
  entry: number,
  limits: DetectLimits,
  { nowUs }: Seen,
): void {
  const group = openGroup(board, groups, plan, spec, limits, nowUs);
  if (group === 0) return;
  const record = moveEntry(groups, plan, entry, group);
  meetValue(board, groups.records.ints, plan, record, word);
}

/** Makes an entry a record of a group; which one. */
function moveEntry(groups: Groups, plan: Plan, entry: number, group: number): number {
  const from = groups.firsts.ints;
  const tag = from[entry + TAG] ?? 0;
  const record = addRecord(groups, group, wordOf(tag));
  const { ints } = groups.records;
  const start = record << 3;
  for (const place of [LO, HI, AT, EVENT, MASK]) ints[start + place] = from[entry + place] ?? 0;
  for (let mask = ints[start + MASK] ?? 0; mask !== 0; mask &= mask - 1) {
    const rule = plan.bitRules[tag * 32 + 31 - Math.clz32(mask & -mask)];
    if (rule !== undefined) rule.state.members += 1;
  }
  from[entry + MASK] = 0;
  return record;
}

/**
 * After a change of the rules: what waits for a ledger that may not wait any more, for it has another
 * rule now, goes into it; what waits for none is given up.
 */
export function keepFirsts(groups: Groups, plan: Plan, groupsMax: number, nowUs: number): void {
  const { ints } = groups.firsts;
  for (let at = 0; at < ints.length; at += ENTRY_INTS) {
    if (ints[at + MASK] === 0) continue;
    const ledger = plan.ledgers[ints[at + TAG] ?? 0];
    if (ledger?.firsts === true) continue;
    if (ledger === undefined || ledger.sizeMax === 0) {
      ints[at + MASK] = 0;
      continue;
    }
    const key = { lo: ints[at] ?? 0, hi: ints[at + 1] ?? 0 };
    const known = findKey(groups.keys, key);
    const group = known === 0 ? addGroup(groups, plan, key, groupsMax, nowUs) : known;
    moveEntry(groups, plan, at, group);
  }
}
