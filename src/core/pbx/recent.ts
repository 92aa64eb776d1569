/** Keys with the time until which they hold; the longest unrenewed go when there are too many. */
export interface Recent {
  readonly untilUs: Map<string, number>;
  readonly max: number;
  readonly holdsUs: number;
}

export const createRecent = (max: number, holdsS: number): Recent => ({
  untilUs: new Map(),
  max,
  holdsUs: holdsS * 1_000_000,
});

export function renew({ untilUs, max, holdsUs }: Recent, key: string, nowUs: number): void {
  // A Map keeps the order of insertion: the first one is the longest unrenewed.
  untilUs.delete(key);
  if (untilUs.size >= max)
    for (const oldest of untilUs.keys()) {
      untilUs.delete(oldest);
      break;
    }
  untilUs.set(key, nowUs + holdsUs);
}

export function holds({ untilUs }: Recent, key: string, nowUs: number): boolean {
  const until = untilUs.get(key);
  return until !== undefined && nowUs < until;
}
