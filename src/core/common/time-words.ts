import { formatDuration } from './duration.js';

/** `2026-01-31 12:00:00` of an ISO time, UTC: what a person reads in a column. */
export const shortTime = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

/** Time left until an ISO time, `no end` for null. */
export function timeLeft(iso: string | null, nowMs: number): string {
  if (iso === null) return 'no end';
  const seconds = (Date.parse(iso) - nowMs) / 1_000;
  return seconds <= 0 ? 'ended' : formatDuration(seconds);
}

/** How long ago an ISO time was, `never` for null. Clocks differ a little: what lies ahead is now. */
export function timeAgo(iso: string | null, nowMs: number): string {
  if (iso === null) return 'never';
  const seconds = Math.round((nowMs - Date.parse(iso)) / 1_000);
  return seconds < 1 ? 'now' : `${formatDuration(seconds)} ago`;
}
