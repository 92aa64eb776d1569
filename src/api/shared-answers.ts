/** Answers that serve all who ask the same while they are made, and for a while after. */
export interface SharedAnswers {
  readonly get: <T>(key: string, freshMs: number, make: () => Promise<T>) => Promise<T>;
}

interface Entry {
  readonly answer: Promise<unknown>;
  /** Null: it is being made. */
  untilMs: number | null;
}

/** At most `entriesMax` at once: what is more is made for each by itself. */
export function createSharedAnswers(entriesMax: number, nowMs: () => number): SharedAnswers {
  const entries = new Map<string, Entry>();

  const dropOld = (): void => {
    const now = nowMs();
    for (const [key, { untilMs }] of entries) {
      if (untilMs !== null && untilMs <= now) entries.delete(key);
    }
  };

  return {
    get: (key, freshMs, make) => {
      dropOld();
      const known = entries.get(key);
      // The key names the route and what was asked of it, so that the answer is of its type.
      if (known !== undefined) return known.answer as ReturnType<typeof make>;
      const answer = make();
      if (entries.size >= entriesMax) return answer;
      const entry: Entry = { answer, untilMs: null };
      entries.set(key, entry);
      answer.then(
        () => {
          entry.untilMs = nowMs() + freshMs;
        },
        // A failure is told to those who waited for it, and to nobody after them.
        () => entries.delete(key),
      );
      return answer;
    },
  };
}
