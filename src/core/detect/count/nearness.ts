import type { AttackType } from '../../model/attack-type.js';
import type { TrapEvent } from '../../model/event.js';
import { LIMITS } from '../../common/limits.js';
import { thingsOf } from '../fields/things-of.js';
import type { Rule } from '../../model/rule.js';
import { createTallyReader, share } from './read-tally.js';
import type { Tally } from './read-tally.js';
import type { DetectState } from '../state.js';

/** How near a rule is to firing for a source: `things` of `needed` `what`, as `3 of 4 accounts`. */
export interface Nearness extends Tally {
  readonly rule: string;
  readonly attackType: AttackType;
  readonly points: number;
  readonly what: string;
}

/**
 * How near each rule is to firing for the source of these events, its last ones: they say in which groups
 * it counts. The nearest first, those that have counted nothing and those that have fired left out. One
 * that has enough may still wait for some of it to settle. At most `nearRulesMax`, of `nearEventsMax` events. Changes nothing.
 */
export function nearness(
  state: DetectState,
  events: readonly TrapEvent[],
  nowUs: number,
): readonly Nearness[] {
  const { rules } = state.plan;
  const best = new Map<number, Tally>();
  const reader = createTallyReader(state, nowUs);
  for (const event of events.slice(0, LIMITS.nearEventsMax)) {
    reader.lookAt(event);
    for (const [index, rule] of rules.entries()) {
      const tally = reader.isMute(rule) ? null : reader.read(rule);
      const before = best.get(index);
      if (tally !== null && (before === undefined || share(tally) > share(before)))
        best.set(index, tally);
    }
  }
  reader.end();
  const near = [...best].flatMap(([index, { things, needed }]) => {
    const rule = rules[index]?.compiled.rule;
    if (rule === undefined) return [];
    const enough = things >= needed;
    if (enough && (rule.count?.settleS ?? null) === null) return [];
    const { id, attackType, points } = rule;
    const what = enough ? `${whatOf(rule)}, some too new to count yet` : whatOf(rule);
    return [{ rule: id, attackType, points, things: Math.min(things, needed), needed, what }];
  });
  near.sort((a, b) => share(b) - share(a) || b.points - a.points || (a.rule < b.rule ? -1 : 1));
  return near.slice(0, LIMITS.nearRulesMax);
}

/** What a rule counts, for a person. */
function whatOf({ count, match: { methods } }: Rule): string {
  const calls = methods?.length === 1 && methods[0] === 'INVITE';
  const distinct = count?.distinct ?? null;
  if (distinct === null || distinct === 'call_id') {
    if (calls) return 'calls';
    return distinct === null ? 'messages' : 'transactions';
  }
  return thingsOf(distinct);
}
