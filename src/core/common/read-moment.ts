import { readSeconds } from './duration.js';
import { AgentError } from './errors.js';
import { quoteText } from './text.js';
import { readDuration } from './read-duration.js';

/**
 * Microseconds since 1970 of `2026-01-31`, `2026-01-31T12:00`, `2026-01-31T12:00:00Z` (UTC), or of
 * the moment so long ago: `90s 10m 4h 7d`. USAGE, which names the flag, when it is neither.
 */
export function readMoment(text: string, flag: string, nowMs: number): number {
  if (readSeconds(text) !== null) {
    const seconds = readDuration(text, flag) ?? 0;
    return (nowMs - seconds * 1_000) * 1_000;
  }
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?Z?)?$/.exec(text);
  const [, date = '', time = '00:00', seconds = ':00'] = match ?? [];
  const ms = match === null ? NaN : Date.parse(`${date}T${time}${seconds}Z`);
  if (!Number.isNaN(ms)) return ms * 1_000;
  throw new AgentError(
    'USAGE',
    `${flag} ${quoteText(text)}: that is no moment`,
    'give a date or a time in UTC (2026-01-31, 2026-01-31T12:00:00Z), or how long ago it was (24h, 7d)',
  );
}
