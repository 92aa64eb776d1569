import type { TrapEvent } from '../../../src/core/model/event.js';
import { isProven } from '../../../src/core/model/proof.js';
import type { Rule, RuleCount } from '../../../src/core/model/rule.js';
import { fieldNamed, SOURCE_FIELDS } from '../../../src/core/detect/fields/fields.js';

/**
 * What counting *means*, in plain maps, without a thought for time or room: read this first.
 * The agent counts otherwise, and a property holds it to this (counting-model.test.ts).
 *
 * Events are in groups, one for each combination of the values of a rule's `by` fields. A rule has a
 * tally of its own in each group: the things that it counted there, the one seen last at the end.
 */
interface Tally {
  readonly things: Map<string, { atUs: number; eventId: number; again: boolean }>;
  /** When a leaky bucket will have run empty. */
  emptyUs: number;
  /** When a rule with `apart` met an event last. */
  metUs: number;
  restsUntilUs: number;
}

export interface Memory {
  readonly tallies: Map<string, Tally>;
  readonly mutedUntilUs: Map<string, number>;
  readonly sourcesOfNetwork: Map<string, Set<string>>;
}

/** What an event is to a rule: nothing, an attack that it sees while it is mute, or a firing. */
export type Outcome = null | 'seen' | { readonly proven: boolean; readonly eventIds: number[] };

export const createMemory = (): Memory => ({
  tallies: new Map(),
  mutedUntilUs: new Map(),
  sourcesOfNetwork: new Map(),
});

type Holds = (condition: string) => boolean;

/** Counts an event under each rule. `unsettledMax`: values beyond `over` that may wait to settle. */
export function countNaively(
  memory: Memory,
  rules: readonly Rule[],
  event: TrapEvent,
  holds: Holds,
  unsettledMax: number,
): readonly Outcome[] {
  const network = read(event, 'source_prefix');
  const sources = memory.sourcesOfNetwork.get(network) ?? new Set();
  memory.sourcesOfNetwork.set(network, sources.add(read(event, 'source')));
  return rules.map((rule) => tryRule(memory, rule, event, holds, sources.size, unsettledMax));
}

function tryRule(
  memory: Memory,
  rule: Rule,
  event: TrapEvent,
  holds: Holds,
  sourcesOfNetwork: number,
  unsettledMax: number,
): Outcome {
  const { count } = rule;
  const isProof = isProven(event.proof);
  const takesBack = count !== null && count.forgetWhen !== null && holds(count.forgetWhen);
  if (!takesBack && rule.when !== null && !holds(rule.when)) return null;
  if (count === null) return event.retransmission ? 'seen' : fire(memory, rule, event, isProof, []);
  // A network of one source tells nothing that the rules over sources do not tell.
  if (isOverNetwork(count) && sourcesOfNetwork < 2) return null;
  if (event.retransmission && !count.repeats) return null;
  const value = count.distinct === null ? null : read(event, count.distinct);
  if (value === '' || count.by.some((name) => read(event, name) === '')) return null;
  // All events are counted, and proven ones by themselves once more.
  const group = groupOf(rule, event, count.by);
  const all = tallyOf(memory, `all ${group}`);
  const proven = tallyOf(memory, `proven ${group}`);
  // Of a group of several sources a rule may ask for the source's own share.
  const mine = muteGroup(rule, event);
  const [allMine, provenMine] = [
    tallyOf(memory, `all mine ${mine}`),
    tallyOf(memory, `proven mine ${mine}`),
  ];
  if (takesBack) {
    for (const each of [all, proven, allMine, provenMine]) each.things.delete(value ?? '');
    return null;
  }
  // Who was caught a moment ago is not counted.
  if (isMute(memory, rule, event, isProof)) return 'seen';
  const exceeds = (tally: Tally, own: Tally): boolean => {
    const isOver = addThing(tally, count, count.over, value, event, unsettledMax);
    if (count.own === null) return isOver;
    return addThing(own, ownShare(count), count.own - 1, value, event, unsettledMax) && isOver;
  };
  const isOver = exceeds(all, allMine);
  const isOverProven = isProof && exceeds(proven, provenMine);
  if (!isOver) return null;
  const behind = [...(isOverProven ? proven : all).things.values()].map(({ eventId }) => eventId);
  return fire(memory, rule, event, isOverProven, behind);
}

/** Adds the event, or its value, to a tally: are there now more than `over`? */
function addThing(
  tally: Tally,
  { withinS, leakS, apartS, settleS }: RuleCount,
  over: number,
  value: string | null,
  { receivedAtUs: nowUs, id: eventId }: TrapEvent,
  unsettledMax: number,
): boolean {
  const { things } = tally;
  if (apartS !== null) {
    const sinceUs = nowUs - tally.metUs;
    tally.metUs = nowUs;
    if (sinceUs < apartS * 1e6) return false;
  }
  if (leakS !== null) return fillBucket(tally, over, leakS * 1e6, value, nowUs, eventId);
  for (const [name, { atUs }] of things) {
    if (nowUs - atUs >= (withinS ?? 0) * 1e6) things.delete(name);
  }
  const name = value ?? `event ${eventId}`;
  const settleUs = apartS === null ? (settleS ?? 0) * 1e6 : 0;
  const others = [...things].filter(([other]) => other !== name).map(([, thing]) => thing);
  const settled = others.filter(({ atUs, again }) => !again && nowUs - atUs >= settleUs);
  if (settleUs > 0) {
    if (nowUs < tally.restsUntilUs) return false;
    // Whoever names so many values before the first has settled is not slow.
    const oldestUs = others[0]?.atUs ?? nowUs;
    const isFull = others.length === things.size && others.length > over + unsettledMax;
    if (isFull && nowUs - oldestUs < settleUs) {
      things.clear();
      tally.restsUntilUs = nowUs + settleUs;
      return false;
    }
  }
  putLast(things, name, { atUs: nowUs, eventId, again: things.has(name) });
  dropOldest(things, over + 1 + (settleUs > 0 ? unsettledMax : 0));
  // A value that must settle has come just now, so it does not count itself.
  return settleUs > 0 ? settled.length > over : others.length + 1 > over;
}

/** One thing leaks out each `leakUs`. Without values the level alone is kept. */
function fillBucket(
  tally: Tally,
  over: number,
  leakUs: number,
  value: string | null,
  nowUs: number,
  eventId: number,
): boolean {
  const { things } = tally;
  dropOldest(things, Math.max(0, Math.ceil((tally.emptyUs - nowUs) / leakUs)));
  if (value === null || !things.has(value)) {
    // A bucket that runs over holds no more.
    const fullUs = nowUs + (over + 1) * leakUs;
    tally.emptyUs = Math.min(Math.max(tally.emptyUs, nowUs) + leakUs, fullUs);
    if (value !== null) putLast(things, value, { atUs: nowUs, eventId, again: false });
    dropOldest(things, over + 1);
  }
  return (tally.emptyUs - nowUs) / leakUs > over;
}

/** What a bucket over several sources holds came while it would run empty. */
const ownShare = (count: RuleCount): RuleCount =>
  count.leakS === null ? count : { ...count, leakS: null, withinS: count.leakS * count.over };

function fire(
  memory: Memory,
  rule: Rule,
  event: TrapEvent,
  proven: boolean,
  behind: readonly number[],
): Outcome {
  // Proof is news: a firing on proof is held up by such a one alone.
  if (isMute(memory, rule, event, proven)) return 'seen';
  const untilUs = event.receivedAtUs + rule.muteS * 1e6;
  const group = muteGroup(rule, event);
  memory.mutedUntilUs.set(`false ${group}`, untilUs);
  if (proven) memory.mutedUntilUs.set(`true ${group}`, untilUs);
  return { proven, eventIds: behind.length === 0 ? [event.id] : behind.slice(-20) };
}

const isMute = ({ mutedUntilUs }: Memory, rule: Rule, event: TrapEvent, proven: boolean) =>
  event.receivedAtUs < (mutedUntilUs.get(`${proven} ${muteGroup(rule, event)}`) ?? 0);

/** A rule is mute for one source, within what it counts by. */
const muteGroup = (rule: Rule, event: TrapEvent): string =>
  groupOf(rule, event, [
    'source',
    ...(rule.count?.by ?? []).filter((name) => !SOURCE_FIELDS.has(name)),
  ]);

const isOverNetwork = ({ by }: RuleCount): boolean =>
  !by.includes('source') && (by.includes('source_prefix') || by.includes('source_site'));

const groupOf = ({ id }: Rule, event: TrapEvent, names: readonly string[]): string =>
  JSON.stringify([id, ...names.map((name) => read(event, name))]);

function tallyOf({ tallies }: Memory, name: string): Tally {
  const known = tallies.get(name);
  if (known !== undefined) return known;
  const added = { things: new Map(), emptyUs: 0, metUs: -Infinity, restsUntilUs: 0 };
  tallies.set(name, added);
  return added;
}

function read(event: TrapEvent, name: string): string {
  const value = fieldNamed(name)?.read(event) ?? '';
  return value === -1 ? '' : String(value);
}

function putLast<V>(map: Map<string, V>, name: string, value: V): void {
  map.delete(name);
  map.set(name, value);
}

function dropOldest(map: Map<string, unknown>, sizeMax: number): void {
  for (const name of map.keys()) {
    if (map.size <= sizeMax) return;
    map.delete(name);
  }
}
