/**
 * The spoof-storm breaker: counts the new unproven blocks that were wanted in the running minute. A
 * flood of forged addresses would otherwise fill the sets with strangers.
 */
export interface Breaker {
  minute: number;
  /** New unproven blocks wanted in this minute, refused ones too. */
  newUnproven: number;
  /** true: none is made until a whole minute has stayed below the bound. */
  tripped: boolean;
  /** Unproven blocks refused since the start. */
  refused: number;
}

const MINUTE_US = 60_000_000;

export const createBreaker = (): Breaker => ({
  minute: 0,
  newUnproven: 0,
  tripped: false,
  refused: 0,
});

/** True when one more unproven block may be made now; counts it either way. */
export function admitUnproven(breaker: Breaker, perMinuteMax: number, nowUs: number): boolean {
  settleBreaker(breaker, perMinuteMax, nowUs);
  breaker.newUnproven += 1;
  if (breaker.newUnproven > perMinuteMax) breaker.tripped = true;
  if (breaker.tripped) breaker.refused += 1;
  return !breaker.tripped;
}

/**
 * Takes note of a minute that is over. The breaker closes when it was calm; the minute in which it
 * tripped never was, so that it stays open for one whole minute at least.
 */
export function settleBreaker(breaker: Breaker, perMinuteMax: number, nowUs: number): void {
  const minute = Math.floor(nowUs / MINUTE_US);
  if (minute === breaker.minute) return;
  const silent = minute !== breaker.minute + 1;
  if (silent || breaker.newUnproven <= perMinuteMax) breaker.tripped = false;
  breaker.minute = minute;
  breaker.newUnproven = 0;
}
