/** The last time a counted thing was seen, and on which event. */
export interface Seen {
  readonly atUs: number;
  readonly eventId: number;
}

/**
 * The things counted in one group, the one seen longest ago first. It keeps one more than the rule
 * allows: that is enough to tell exactly whether there are more than `over` within the window.
 */
export type Tally = Map<string | number, Seen>;

export interface TallyChange {
  /** More than `over` things lie within the window. */
  readonly exceeded: boolean;
  /** By how many entries the tally grew; negative when old ones left. */
  readonly grown: number;
}

/** Counts one thing. `member`: a value, or the event's id when events are counted. */
export function tallyMember(
  tally: Tally,
  member: string | number,
  seen: Seen,
  over: number,
  withinUs: number,
): TallyChange {
  const before = tally.size;
  tally.delete(member);
  tally.set(member, seen);
  // Up to `over` things never exceed, however old they are: looking at them can wait.
  if (tally.size > over) dropOutdated(tally, over + 1, seen.atUs - withinUs);
  return { exceeded: tally.size > over, grown: tally.size - before };
}

function dropOutdated(tally: Tally, sizeMax: number, beforeUs: number): void {
  for (const [oldest, { atUs }] of tally) {
    if (tally.size <= sizeMax && atUs > beforeUs) return;
    tally.delete(oldest);
  }
}

/** Ids of the last events behind a tally, oldest first. */
export function lastEventIds(tally: Tally, idsMax: number): readonly number[] {
  return Array.from(tally.values(), (seen) => seen.eventId).slice(-idsMax);
}

/** Microseconds from the first to the last thing in a tally. */
export function spanUs(tally: Tally): number {
  const times = Array.from(tally.values(), (seen) => seen.atUs);
  const first = times[0] ?? 0;
  return Math.max(0, (times.at(-1) ?? first) - first);
}
