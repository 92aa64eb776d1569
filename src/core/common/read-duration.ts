import { readSeconds } from './duration.js';
import { AgentError } from './errors.js';
import { quoteText } from './text.js';

const DURATION_S_MAX = 10 * 365 * 86_400;

/** Seconds of `90s 10m 4h 7d`, null for `forever`. USAGE, which names the flag, when it is neither. */
export function readDuration(text: string, flag: string): number | null {
  if (text === 'forever') return null;
  const seconds = readSeconds(text) ?? 0;
  if (seconds > 0 && seconds <= DURATION_S_MAX) return seconds;
  throw new AgentError(
    'USAGE',
    `${flag} ${quoteText(text)}: that is no duration`,
    'give a whole number and s, m, h or d (90s, 10m, 4h, 7d; ten years at most), or forever',
  );
}
