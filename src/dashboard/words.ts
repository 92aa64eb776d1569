/** How things are said, as the commands say them. Nothing here knows the time by itself. */

/** `12:00:00`. */
export const clockTime = (iso: string): string => iso.slice(11, 19);

/** `12,345`. */
export const figure = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 source`, `1,200 sources`. */
export const count = (value: number, noun: string): string =>
  `${figure(value)} ${noun}${value === 1 ? '' : 's'}`;

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function formatBytes(bytes: number): string {
  const at = Math.min(BYTE_UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1_024 ** at;
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[at] ?? 'B'}`;
}

/** `credential_attack` as people read it. */
export const attackWords = (type: string): string => type.replaceAll('_', ' ');

/** `database_writable` as people read it; a sentence begins with it. */
export function plainName(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The address of a target that is one alone: `203.0.113.7/32` is `203.0.113.7`. */
export const shortTarget = (target: string): string =>
  target.replace(/(^[^:]+\/32$|^.*:.*\/128$)/, (all) => all.slice(0, all.lastIndexOf('/')));

/** The address by which the story of a target is found. */
export const addressOf = (target: string): string => target.replace(/\/\d+$/, '');

/** The name of a country in English, with its code where there is no name. */
export function countryName(
  code: string,
  names: { of(code: string): string | undefined } | null,
): string {
  if (names === null || !/^[A-Z]{2}$/.test(code)) return code;
  try {
    return names.of(code) ?? code;
  } catch {
    // A code that is none, by a database of places that has its own.
    return code;
  }
}
