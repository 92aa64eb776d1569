import type { LocalTimeReader } from '../../core/common/local-time.js';

/** The forms of the field `time` in fields.ts. */
const FULL =
  /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?( ?Z| ?[+-]\d\d:?\d\d)?$/;
const NAMED = /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/;
const SHORT = /^(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/;
/** Seconds since 1970, and the microseconds behind `-` (Asterisk before 12) or `.`. */
const EPOCH = /^(\d{9,10})[-.](\d{1,6})$/;

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const DAY_MS = 86_400_000;

export interface ReadMoment {
  readonly atUs: number;
  /** The text says by itself when it was: it has a zone, or is seconds since 1970. */
  readonly absolute: boolean;
}

/**
 * The time of a text that the field `time` took. `zone` reads local times; a year that is missing is the one
 * that puts the time nearest before `nowUs`. Null where there is no such day.
 */
export function readMoment(text: string, zone: LocalTimeReader, nowUs: number): ReadMoment | null {
  const full = FULL.exec(text);
  if (full !== null) {
    const [, year, month, day, hour, minute, second, fraction, offset] = full;
    const localMs = msOf([year, month, day, hour, minute, second]);
    if (localMs === null) return null;
    const offsetMs = readOffset(offset);
    const ms = offsetMs === null ? zone.utcMsOf(localMs) : localMs - offsetMs;
    return { atUs: ms * 1_000 + micros(fraction), absolute: offsetMs !== null };
  }
  const named = NAMED.exec(text);
  if (named !== null) {
    const [, name = '', day, year, hour, minute, second, fraction] = named;
    const month = MONTHS.indexOf(name);
    if (month % 3 !== 0) return null;
    const parts = [String(month / 3 + 1), day, hour, minute, second];
    return local(year, parts, fraction, zone, nowUs);
  }
  const short = SHORT.exec(text);
  if (short !== null) return local(undefined, short.slice(1, 6), short[6], zone, nowUs);
  const epoch = EPOCH.exec(text);
  if (epoch === null) return null;
  // The microseconds are a number, not a fraction: `-500` is 500 microseconds (%06u is newer).
  const [, seconds, rest = '0'] = epoch;
  const us = text.includes('-') ? Number(rest) : micros(rest);
  return { atUs: Number(seconds) * 1_000_000 + us, absolute: true };
}

function local(
  year: string | undefined,
  parts: readonly (string | undefined)[],
  fraction: string | undefined,
  zone: LocalTimeReader,
  nowUs: number,
): ReadMoment | null {
  const localMs = year === undefined ? nearest(parts, nowUs) : msOf([year, ...parts]);
  if (localMs === null) return null;
  return { atUs: zone.utcMsOf(localMs) * 1_000 + micros(fraction), absolute: false };
}

/** The last time that it was this day, where a clock a day ahead still counts as now. */
function nearest(parts: readonly (string | undefined)[], nowUs: number): number | null {
  const nowMs = Math.floor(nowUs / 1_000);
  const year = new Date(nowMs).getUTCFullYear();
  // A day that this year does not have may be 29 February of one of the years before.
  for (let back = -1; back <= 4; back += 1) {
    const ms = msOf([String(year - back), ...parts]);
    if (ms !== null && ms <= nowMs + DAY_MS) return ms;
  }
  return null;
}

/** Null for the 31st of a month that has 30 days, or the 25th hour. A leap second is the next one. */
function msOf(parts: readonly (string | undefined)[]): number | null {
  const [year = '', month = '', day = '', hour = '', minute = '', second = ''] = parts;
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  const dayMs = dayOf(year, month, day);
  if (dayMs === null || hours > 23 || minutes > 59 || seconds > 60) return null;
  return dayMs + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

/** Lines of a log are of the same day as a rule: the last answer is kept. */
const last: { text: string; ms: number | null } = { text: '', ms: null };

function dayOf(year: string, month: string, day: string): number | null {
  const text = `${year}-${month}-${day}`;
  if (text === last.text) return last.ms;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const date = new Date(ms);
  const isSame = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  last.text = text;
  last.ms = isSame && ms >= 0 ? ms : null;
  return last.ms;
}

function readOffset(text: string | undefined): number | null {
  if (text === undefined) return null;
  const offset = text.trim();
  if (offset === 'Z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(-2));
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

const micros = (fraction: string | undefined): number =>
  fraction === undefined ? 0 : Number(fraction.slice(0, 6).padEnd(6, '0'));
