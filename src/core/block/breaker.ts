/**
 * The spoof-storm breaker: counts new unproven blocks in the running minute. A flood of forged
 * addresses would otherwise fill the sets with strangers.
 */
export interface Breaker {
  minute: number;
  newUnproven: number;
  /** Unproven blocks refused since the start. */
  refused: number;
}

const MINUTE_US = 60_000_000;

export const createBreaker = (): Breaker => ({ minute: 0, newUnproven: 0, refused: 0 });

/** True when one more unproven block may be made now; counts it either way. */
export function admitUnproven(breaker: Breaker, perMinuteMax: number, nowUs: number): boolean {
  const minute = Math.floor(nowUs / MINUTE_US);
  if (minute !== breaker.minute) {
    breaker.minute = minute;
    breaker.newUnproven = 0;
  }
  if (breaker.newUnproven >= perMinuteMax) {
    breaker.refused += 1;
    return false;
  }
  breaker.newUnproven += 1;
  return true;
}

/** True while the breaker refuses. */
export const isTripped = (breaker: Breaker, perMinuteMax: number, nowUs: number): boolean =>
  breaker.minute === Math.floor(nowUs / MINUTE_US) && breaker.newUnproven >= perMinuteMax;
