import type { Board, Kind } from './board.js';
import { addGroup, addRecord, findGroup } from './groups.js';
import type { Groups } from './groups.js';
import { valueOf } from './key-table.js';
import { meetLong, meetValue } from './ledger-scan.js';
import { LONG_FLAG, MUTE_WORD, TAPE_FLAG } from './plan.js';
import type { Plan } from './plan.js';
import { NEXT } from './record.js';
import type { DetectLimits } from './state.js';

/** A mute record, besides word and next: the rule's slot × 2 + kind (2), and until when (4). */
const MUTED = 2;
const UNTIL = 4;

/** Finds the event's group of a spec, and in it all that is looked for; does nothing the second time. */
export function lookUp(
  board: Board,
  groups: Groups,
  plan: Plan,
  spec: number,
  max: number,
  nowUs: number,
): void {
  if (board.specStamp[spec] === board.stamp) return;
  board.specStamp[spec] = board.stamp;
  const planned = plan.specs[spec];
  const group = planned?.used === true ? findGroup(groups, planned, max, nowUs) : 0;
  board.group[spec] = group;
  if (group !== 0) walk(board, groups, plan, group);
}

function walk(board: Board, groups: Groups, plan: Plan, group: number): void {
  const { ints } = groups.records;
  const { stamp, wordStamp, met } = board;
  met.length = 0;
  let record = valueOf(groups.keys, group);
  while (record !== 0) {
    const start = record << 3;
    const marked = ints[start] ?? 0;
    const word = marked & ~LONG_FLAG;
    if (wordStamp[word] === stamp) {
      if (marked !== word) met.push(record);
      else if ((word & TAPE_FLAG) !== 0) board.found[word] = record;
      else meetValue(board, ints, plan, record, word);
    } else if (word >> 1 === MUTE_WORD) meetMute(board, ints, record);
    record = ints[start + NEXT] ?? 0;
  }
  // Last, when it is known which rules are mute and need not be counted for.
  for (const head of met) meetLong(board, groups.records, plan, head);
}

function meetMute(board: Board, ints: Int32Array, record: number): void {
  const start = record << 3;
  const index = ints[start + MUTED] ?? 0;
  board.muteStamp[index] = board.stamp;
  board.muteRecord[index] = record;
  board.muteUntil[index] = ints[start + UNTIL] ?? 0;
}

/** Makes a rule mute in a group. */
export function mute(
  board: Board,
  groups: Groups,
  group: number,
  slot: number,
  kind: Kind,
  until: number,
): void {
  const index = slot * 2 + kind;
  let record = board.muteStamp[index] === board.stamp ? (board.muteRecord[index] ?? 0) : 0;
  if (record === 0) record = addRecord(groups, group, MUTE_WORD | kind);
  const { ints } = groups.records;
  ints[(record << 3) + MUTED] = index;
  ints[(record << 3) + UNTIL] = until;
  board.muteStamp[index] = board.stamp;
  board.muteRecord[index] = record;
  board.muteUntil[index] = until;
}

/** The event's group of a spec that was looked up, made if need be; 0 when a field is missing. */
export function openGroup(
  board: Board,
  groups: Groups,
  plan: Plan,
  spec: number,
  limits: DetectLimits,
  nowUs: number,
): number {
  const known = board.group[spec] ?? 0;
  if (known !== 0) return known;
  const planned = plan.specs[spec];
  const key = planned?.key.read() ?? null;
  if (planned === undefined || key === null) return 0;
  planned.used = true;
  const added = addGroup(groups, plan, key, limits.groupsMax, nowUs);
  board.group[spec] = added;
  return added;
}

/** The tape of a place in its group, made if need be. */
export function openTape(board: Board, groups: Groups, group: number, word: number): number {
  const known = board.found[word] ?? 0;
  if (known !== 0) return known;
  const head = addRecord(groups, group, word);
  board.found[word] = head;
  return head;
}
