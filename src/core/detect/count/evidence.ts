import { LIMITS } from '../../common/limits.js';
import { tallyBehind } from './count.js';
import type { RulePlan } from './plan.js';
import type { Evidence } from '../score/reason.js';
import type { DetectState } from '../state.js';
import { eachThing } from './things.js';
import type { Seen } from './things.js';

/** What a firing rests on, read out of the tally that exceeded. */
export function evidenceOf(
  state: DetectState,
  rule: RulePlan,
  seen: Seen,
  proven: boolean,
): Evidence {
  const tally = tallyBehind(state, rule, proven, seen);
  const times: number[] = [];
  const eventIds: number[] = [];
  if (tally !== 0) {
    eachThing(state.groups.records, tally, (atUs, event) => {
      times.push(atUs);
      eventIds.push(wholeEventId(event, seen.eventId));
    });
  }
  return {
    things: times.length,
    spanUs: times.length === 0 ? 0 : Math.max(...times) - Math.min(...times),
    eventIds: eventIds.sort((a, b) => a - b).slice(-LIMITS.sightingEventIdsMax),
  };
}

/** The whole number of an event of which 32 bits were kept; it is not later than `latestId`. */
const wholeEventId = (kept: number, latestId: number): number =>
  latestId - ((latestId - kept) >>> 0);
