/** Seconds of each unit, the largest first. */
const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;
const SECONDS_OF: ReadonlyMap<string, number> = new Map(UNITS);

/** Seconds of a whole number with its unit: `90s 10m 4h 7d`. Null when it is none. */
export function readSeconds(text: string): number | null {
  const [, digits, unit = ''] = /^(\d{1,10})([smhd])$/.exec(text) ?? [];
  return digits === undefined ? null : Number(digits) * (SECONDS_OF.get(unit) ?? 0);
}

/** The inverse, with the largest unit that needs no fraction: `7d`, `10m`, `90s`. */
export function writeSeconds(seconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => seconds > 0 && seconds % each === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}

/** Seconds in at most two units: `1h 30m`, `45s`, `30d`. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`);
  }
  return parts.length === 0 ? '0s' : parts.join(' ');
}

/** In units: nft refuses nine digits of seconds, and with them all that stands beside them. */
export function nftTimeText(timeoutS: number): string {
  const seconds = wholeSeconds(timeoutS);
  const days = Math.floor(seconds / 86_400);
  return days === 0 ? `${seconds}s` : `${days}d${seconds % 86_400}s`;
}

/** nft takes a timeout of 0 for "no end", so what has almost run out still gets a second. */
function wholeSeconds(timeoutS: number): number {
  const whole = Math.max(1, Math.ceil(timeoutS));
  if (!Number.isSafeInteger(whole)) throw new RangeError(`no timeout in seconds: ${timeoutS}`);
  return whole;
}
