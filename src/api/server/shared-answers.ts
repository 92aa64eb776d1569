/** Answers that serve all who ask the same while they are made, and for a while after. */
export interface SharedAnswers {
  readonly get: <T>(key: string, freshMs: number, make: () => Promise<T>) => Promise<T>;
}

interface Entry {
  readonly answer: Promise<unknown>;
  /** Null: it is being made. */
  untilMs: number | null;
  /** Until then it is given while a newer one is made. */
  staleUntilMs: number;
  renewing: boolean;
}

/** One that takes long is good for so many times as long: the database has more to do than this. */
const TIMES_AS_LONG = 4;

/**
 * At most `entriesMax` at once: what is more is made for each by itself. An answer whose time is just
 * over is given once more while the next one is made, so that nobody waits for that but the first.
 */
export function createSharedAnswers(entriesMax: number, nowMs: () => number): SharedAnswers {
  const entries = new Map<string, Entry>();

  const dropOld = (): void => {
    const now = nowMs();
    for (const [key, { untilMs, staleUntilMs, renewing }] of entries) {
      if (untilMs !== null && staleUntilMs <= now && !renewing) entries.delete(key);
    }
  };

  const begin = <T>(key: string, freshMs: number, make: () => Promise<T>): Promise<T> => {
    const begunMs = nowMs();
    const answer = make();
    const entry: Entry = { answer, untilMs: null, staleUntilMs: 0, renewing: false };
    const before = entries.get(key);
    if (before === undefined) {
      if (entries.size >= entriesMax) return answer;
      entries.set(key, entry);
    } else before.renewing = true;
    answer.then(
      () => {
        const now = nowMs();
        const forMs = freshMs === 0 ? 0 : Math.max(freshMs, (now - begunMs) * TIMES_AS_LONG);
        entry.untilMs = now + forMs;
        entry.staleUntilMs = now + 2 * forMs;
        entries.set(key, entry);
      },
      // A failure is told to those who waited for it, and to nobody after them.
      () => entries.delete(key),
    );
    return answer;
  };

  return {
    get: (key, freshMs, make) => {
      dropOld();
      const known = entries.get(key);
      if (known === undefined) return begin(key, freshMs, make);
      const isOver = known.untilMs !== null && known.untilMs <= nowMs();
      if (isOver && !known.renewing) begin(key, freshMs, make).catch(() => undefined);
      // The key names the route and what was asked of it, so that the answer is of its type.
      return known.answer as ReturnType<typeof make>;
    },
  };
}
