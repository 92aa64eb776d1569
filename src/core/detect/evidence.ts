import { LIMITS } from '../model/limits.js';
import { placeOf } from './board.js';
import type { Kind } from './board.js';
import { offsetOf } from './group-block.js';
import { valueOf } from './key-table.js';
import { eachValue } from './ledger.js';
import type { RulePlan } from './plan.js';
import type { Evidence } from './reason.js';
import type { DetectState } from './state.js';
import { eachOnTape } from './tape.js';
import type { Seen } from './tape.js';
import { ticksToUs, wholeEventId } from './ticks.js';

/** What a firing rests on, read out of the count that exceeded. */
export function evidenceOf(
  { board, groups }: DetectState,
  { main }: RulePlan,
  { now, eventId }: Seen,
  kind: Kind,
): Evidence {
  const group = main === null ? 0 : (board.group[main.spec] ?? 0);
  if (main === null || group === 0) return { things: 0, spanUs: 0, eventIds: [eventId] };
  const things: { readonly age: number; readonly id: number }[] = [];
  const visit = (age: number, kept: number): void => {
    things.push({ age, id: wholeEventId(kept, eventId) });
  };
  const place = placeOf(board, main.word | kind);
  if (place !== 0 && main.shape === 'ledger') eachValue(groups, group, place, main, now, visit);
  if (place !== 0 && main.shape === 'tape') {
    const entry = valueOf(groups.keys, group) + offsetOf(place);
    eachOnTape(groups.arena, entry, main, now, visit);
  }
  things.sort((one, other) => one.id - other.id);
  const ages = things.map(({ age }) => age);
  return {
    things: things.length,
    spanUs: things.length === 0 ? 0 : ticksToUs(Math.max(...ages) - Math.min(...ages)),
    eventIds: things.slice(-LIMITS.sightingEventIdsMax).map(({ id }) => id),
  };
}
