/** Microseconds of one tick. */
const TICK_US = 4_000;

/**
 * Times in counting records are ticks of 4 ms in 32 bits, which come round after 198 days; a
 * difference is told right up to half of that, and no window is longer than 7 days.
 */
export const ticksOf = (us: number): number => Math.floor(us / TICK_US) | 0;

/** A length of time; as the points in time it is compared with, to 4 ms. */
export const spanTicks = (us: number): number => Math.ceil(us / TICK_US);

export const ticksToUs = (ticks: number): number => ticks * TICK_US;

/** Ticks since `at`; 0 also when the clock was set back. */
export const ageOf = (at: number, now: number): number => Math.max(0, (now - at) | 0);

/** The whole number of an event of which 32 bits were kept; it is not later than `latestId`. */
export const wholeEventId = (kept: number, latestId: number): number =>
  latestId - ((latestId - kept) >>> 0);
