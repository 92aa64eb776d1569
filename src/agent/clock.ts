const CHECK_EVERY_MS = 1000;
const DRIFT_MS_MAX = 5;

/**
 * Microseconds since 1970 at the resolution of the monotonic clock, which `Date.now()` has not.
 * The offset between the two is looked at once a second, so that a corrected or set clock is
 * followed within that second.
 */
export function createClock(): () => number {
  let offsetMs = Date.now() - performance.now();
  let nextCheckMs = 0;
  return () => {
    const monotonicMs = performance.now();
    if (monotonicMs >= nextCheckMs) {
      nextCheckMs = monotonicMs + CHECK_EVERY_MS;
      const measuredMs = Date.now() - monotonicMs;
      if (Math.abs(measuredMs - offsetMs) > DRIFT_MS_MAX) offsetMs = measuredMs;
    }
    return Math.round((offsetMs + monotonicMs) * 1000);
  };
}
