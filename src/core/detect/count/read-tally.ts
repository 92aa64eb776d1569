import type { TrapEvent } from '../../model/event.js';
import { lookAt } from '../fields/event-view.js';
import { findTally } from './groups.js';
import { findKey } from './key-table.js';
import type { RulePlan } from './plan.js';
import type { DetectState } from '../state.js';
import { countThings, isMuteAt } from './tally.js';

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
  /** True while the rule gives no more points to the source of the event, for it has fired. */
  isMute(rule: RulePlan): boolean;
  /** Looks at no event any more. */
  end(): void;
}

/**
 * The one way to look into the counting from outside of it; changes nothing there, and is used up before
 * anything is counted. Where the source must have its own share, the tally that is further from firing
 * is given.
 */
export function createTallyReader(state: DetectState, nowUs: number): TallyReader {
  const { groups } = state;
  return {
    lookAt: (event) => {
      lookAt(event, state.seed);
    },
    read: ({ main, mine }) => {
      const tallies = (main === mine ? [mine] : [main, mine]).flatMap((place) => {
        if (place === null || place.tally === null) return [];
        const key = place.groups.key.read();
        const group = key === null ? 0 : findKey(groups.keys, key);
        const tally = findTally(groups, group, place.whose);
        const things = tally === 0 ? 0 : countThings(groups.records, tally, place.tally, nowUs);
        return [{ things, needed: place.tally.over + 1 }];
      });
      const [least = null] = tallies.sort((a, b) => share(a) - share(b));
      return least?.things === 0 ? null : least;
    },
    isMute: ({ mine }) => {
      const key = mine.groups.key.read();
      const group = key === null ? 0 : findKey(groups.keys, key);
      const tally = findTally(groups, group, mine.whose);
      return tally !== 0 && isMuteAt(groups.records, tally, nowUs);
    },
    end: () => {
      lookAt(null);
    },
  };
}

/** How near a tally is to firing: 1 is there. */
export const share = ({ things, needed }: Tally): number => things / needed;
