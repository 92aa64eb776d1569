/** Microseconds of `2026-01-31T12:00:00.000001Z` or SentryPeer's `2026-01-31 12:00:00.000001000`. */
export function readTime(text: string): number | null {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?$/.exec(text);
  if (match === null) return null;
  const [, date = '', time = '', fraction = ''] = match;
  const ms = Date.parse(`${date}T${time}Z`);
  if (Number.isNaN(ms) || ms < 0) return null;
  return ms * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
