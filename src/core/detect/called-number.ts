import { dialledDigits } from './dialled-digits.js';
import { kindOfNumber } from './number-ranges.js';

/** Digits that stay when somebody tries one number behind many dial prefixes (measured: 9 to 11). */
const SUFFIX_DIGITS = 9;
/** The last user part looked at, for several fields are read of the same one. */
let last: { readonly user: string; readonly number: string | null } = { user: '', number: null };

/**
 * The number that a user part dials, `+` and digits, separators left out (dialledDigits); null when it is none.
 * Short ones are extensions.
 */
export function calledNumber(user: string): string | null {
  if (user.length < SUFFIX_DIGITS) return null;
  if (user !== last.user) last = { user, number: readNumber(user) };
  return last.number;
}

function readNumber(user: string): string | null {
  const digits = dialledDigits(user);
  return digits !== null && digits.length >= SUFFIX_DIGITS ? digits : null;
}

/** The last nine digits, and what stands before them: dial prefix, country, area. */
export const suffixOf = (number: string): string => number.slice(-SUFFIX_DIGITS);
export function prefixOf(number: string): string {
  const prefix = number.slice(0, -SUFFIX_DIGITS);
  // A number without any prefix is one more way to write it.
  return prefix === '' ? '-' : prefix;
}

/** Ways to dial abroad, also behind a digit for an outside line; the longest first. */
const DIAL = /^(?:\+|9?0{2,4}|9?011|900|101\d(?:011|00)?|810)/;

/** What is special about the number, whatever dial prefix stands before it; '' for nothing. */
export function numberKind(number: string): string {
  const bare = number.replace(DIAL, '');
  return kindOfNumber(bare) ?? '';
}
