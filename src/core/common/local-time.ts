/**
 * Reads the times of SentryPeer's files. All its versions in C (0.0.1 to 4.0.5, `event_timestamp()` of
 * src/utils.c) write local time, and after the point the nanoseconds as a number of at least six
 * digits (`%06ld`): `.5000123` is 5.000123 ms. Its part in Rust writes UTC, and no fraction.
 */
export interface LocalTimeReader {
  /** Its name in the IANA database, or an offset. */
  readonly zone: string;
  readonly counts: Readonly<LocalTimeCounts>;
  /** Microseconds since 1970; null when it is no time. Times are given in the order of their file. */
  read(text: string): number | null;
  /** Milliseconds UTC of a local time, given as if it were UTC. In the order of the file, too. */
  utcMsOf(localMs: number): number;
}

export interface LocalTimeCounts {
  /** Local times that were read. */
  read: number;
  /** Of an hour that the clock showed twice, when it was put back. */
  twice: number;
  /** Of an hour that the clock left out, when it was put forward. */
  skipped: number;
}

/** Zones change at whole quarters of an hour, so that one answer holds for all times of a quarter. */
const QUARTER_MS = 900_000;
const QUARTERS_KEPT_MAX = 4_096;
const DAY_MS = 86_400_000;
/** Threads write beside each other: a line may be so much older than the one before. */
const DISORDER_MS_MAX = 5_000;

/** True for a name that readers of local times know, such as `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    createFormat(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** `zone`: see isTimeZone. One reader a file, because it remembers how far it has come. */
export function createLocalTimeReader(zone: string): LocalTimeReader {
  const counts: LocalTimeCounts = { read: 0, twice: 0, skipped: 0 };
  const format = createFormat(zone);
  const known = new Map<number, Offsets>();
  let lastMs = -Infinity;

  const offsetsOf = (localMs: number): Offsets => {
    const quarter = Math.floor(localMs / QUARTER_MS);
    const found = known.get(quarter);
    if (found !== undefined) return found;
    const offsets = findOffsets(format, localMs);
    if (known.size >= QUARTERS_KEPT_MAX) known.clear();
    known.set(quarter, offsets);
    return offsets;
  };

  const toUtcMs = (localMs: number): number => {
    const { earlierMs, laterMs, kind } = offsetsOf(localMs);
    counts.read += 1;
    if (kind !== 'once') counts[kind] += 1;
    const firstMs = localMs - earlierMs;
    const secondMs = localMs - laterMs;
    // A clock that goes on tells which of the two it was, unless both lie before what came last.
    const leastMs = lastMs - DISORDER_MS_MAX;
    return firstMs < leastMs && secondMs >= leastMs ? secondMs : firstMs;
  };

  return {
    zone,
    counts,
    utcMsOf: (localMs) => (lastMs = toUtcMs(localMs)),
    read: (text) => {
      const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z?)$/.exec(text);
      if (match === null) return null;
      const [, date = '', time = '', fraction = '', utc = ''] = match;
      const writtenMs = Date.parse(`${date}T${time}Z`);
      if (Number.isNaN(writtenMs)) return null;
      const isLocal = fraction !== '' && utc === '';
      const ms = isLocal ? toUtcMs(writtenMs) : writtenMs;
      if (ms < 0) return null;
      lastMs = ms;
      return ms * 1_000 + microsOf(fraction);
    },
  };
}

/** Six digits and more are a number of nanoseconds; fewer are not SentryPeer's, but decimal. */
const microsOf = (fraction: string): number =>
  fraction.length >= 6
    ? Math.floor(Number(fraction) / 1_000)
    : Number(fraction.padEnd(6, '0').slice(0, 6));

interface Offsets {
  /** Local time minus UTC, of the earlier and the later moment that the clock showed this time. */
  readonly earlierMs: number;
  readonly laterMs: number;
  readonly kind: 'once' | 'twice' | 'skipped';
}

function findOffsets(format: Intl.DateTimeFormat, localMs: number): Offsets {
  const before = offsetAt(format, localMs - DAY_MS);
  const after = offsetAt(format, localMs + DAY_MS);
  const shown = [before, after].filter((offset) => offsetAt(format, localMs - offset) === offset);
  // What the clock left out is counted on from before the change: 02:30 is half an hour after it.
  const [earlierMs = before, laterMs = earlierMs] = shown;
  if (shown.length === 0) return { earlierMs, laterMs, kind: 'skipped' };
  return { earlierMs, laterMs, kind: earlierMs === laterMs ? 'once' : 'twice' };
}

function offsetAt(format: Intl.DateTimeFormat, utcMs: number): number {
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of format.formatToParts(utcMs)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utcMs / 1_000) * 1_000;
}

const createFormat = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
