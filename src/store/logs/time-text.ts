/** Microseconds since 1970 as ISO 8601 in UTC: `2026-01-01T00:00:00.000000Z`. */
export function isoTime(us: number): string {
  const { second, micros } = split(us);
  return `${second}.${micros}Z`;
}

/** SentryPeer's form, in UTC, with nine digits: `2026-01-01 00:00:00.000000000`. */
export function sentrypeerTime(us: number): string {
  const { second, micros } = split(us);
  return `${second.replace('T', ' ')}.${micros}000`;
}

/** The text of the second that was asked for last: most events are of the same one. */
let lastSecond = { number: Number.NaN, text: '' };

function split(us: number): { second: string; micros: string } {
  const number = Math.floor(us / 1_000_000);
  if (number !== lastSecond.number) {
    // Dates end at 8.64e15 ms, far beyond what a packet's arrival can be.
    lastSecond = { number, text: new Date(number * 1000).toISOString().slice(0, 19) };
  }
  const micros = String(us - number * 1_000_000).padStart(6, '0');
  return { second: lastSecond.text, micros };
}
