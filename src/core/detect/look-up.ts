import { cellsOf } from './arena.js';
import { placeOf, setPlace } from './board.js';
import type { Board, Kind } from './board.js';
import { addEntry, beginBlock, cellsUsed, offsetOf, readDirectory } from './group-block.js';
import { addGroup, findGroup } from './groups.js';
import type { Groups } from './groups.js';
import { valueOf } from './key-table.js';
import type { Plan } from './plan.js';
import type { DetectLimits } from './state.js';

/** An entry that says until when a rule is mute (ticks; 0: it is not), for each kind. */
const MUTE_CELLS = 2;

/** The event's group of a spec, 0 for none; looked for once an event, with all that is in it. */
export function lookUp(
  board: Board,
  groups: Groups,
  plan: Plan,
  spec: number,
  max: number,
  nowUs: number,
): number {
  if (board.specStamp[spec] === board.stamp) return board.group[spec] ?? 0;
  board.specStamp[spec] = board.stamp;
  const planned = plan.specs[spec];
  const group = planned?.used === true ? findGroup(groups, planned, max, nowUs) : 0;
  board.group[spec] = group;
  const block = group === 0 ? 0 : valueOf(groups.keys, group);
  if (block !== 0) {
    const { arena } = groups;
    readDirectory(arena, block, cellsOf(arena, block), board.stamp, board.places);
  }
  return group;
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
  beginBlock(groups, added, planned.cells[board.list] ?? 0);
  board.fresh[board.freshEnd] = spec;
  board.freshEnd += 1;
  return added;
}

/** Remembers how much room new groups came to need, for the next ones of such an event. */
export function rememberRoom(board: Board, groups: Groups, plan: Plan): void {
  for (let index = 0; index < board.freshEnd; index += 1) {
    const spec = board.fresh[index] ?? 0;
    const planned = plan.specs[spec];
    if (planned !== undefined) {
      planned.cells[board.list] = cellsUsed(groups, board.group[spec] ?? 0);
    }
  }
}

/** The place of a word's entry, made of so many cells if need be; 0: there is no room. */
export function openEntry(
  board: Board,
  groups: Groups,
  group: number,
  word: number,
  cells: number,
): number {
  const known = placeOf(board, word);
  if (known !== 0) return known;
  const place = addEntry(groups, group, word, cells);
  if (place === 0) return 0;
  setPlace(board, word, place);
  return place;
}

/** True while the rule with this word is mute for a group that was looked up. */
export function isMute(
  board: Board,
  { arena, keys }: Groups,
  group: number,
  word: number,
  kind: Kind,
): boolean {
  const place = placeOf(board, word);
  if (place === 0) return false;
  const until = arena.ints[valueOf(keys, group) + offsetOf(place) + kind] ?? 0;
  return until !== 0 && ((until - board.now) | 0) > 0;
}

/** Makes a rule mute in a group. */
export function mute(
  board: Board,
  groups: Groups,
  group: number,
  word: number,
  kind: Kind,
  until: number,
): void {
  const place = openEntry(board, groups, group, word, MUTE_CELLS);
  if (place === 0) return;
  groups.arena.ints[valueOf(groups.keys, group) + offsetOf(place) + kind] = until === 0 ? 1 : until;
}
