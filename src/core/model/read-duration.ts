import { AgentError } from './errors.js';
import { quoteText } from './text.js';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const DURATION_S_MAX = 10 * 365 * SECONDS.d;

/** Seconds of `90s 10m 4h 7d`, null for `forever`. USAGE, which names the flag, when it is neither. */
export function readDuration(text: string, flag: string): number | null {
  if (text === 'forever') return null;
  const match = /^(\d{1,10})([smhd])$/.exec(text);
  const unit = match?.[2] as keyof typeof SECONDS | undefined;
  const seconds = unit === undefined ? 0 : Number(match?.[1]) * SECONDS[unit];
  if (seconds > 0 && seconds <= DURATION_S_MAX) return seconds;
  throw new AgentError(
    'USAGE',
    `${flag} ${quoteText(text)}: that is no duration`,
    'give a whole number and s, m, h or d (90s, 10m, 4h, 7d; ten years at most), or forever',
  );
}
