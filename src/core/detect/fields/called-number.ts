import { readDialled, readingsAbroad } from '../../sip/dialled-number.js';
import type { DialledNumber } from '../../sip/dialled-number.js';
import { kindOfNumber } from './number-ranges.js';

/** Digits that stay when somebody tries one number behind many dial prefixes (measured: 9 to 11). */
const SUFFIX_DIGITS = 9;

/** The number that a user part dials (dialled-number.ts); null when it is none. Short ones are extensions. */
export function calledNumber(user: string): DialledNumber | null {
  if (user.length < SUFFIX_DIGITS) return null;
  const dialled = readDialled(user);
  return dialled !== null && dialled.digits.length >= SUFFIX_DIGITS ? dialled : null;
}

export const digitsOf = ({ digits }: DialledNumber): string => digits;

/** The last nine digits, and what stands before them: dial prefix, country, area. */
export const suffixOf = ({ digits }: DialledNumber): string => digits.slice(-SUFFIX_DIGITS);
export function prefixOf({ digits }: DialledNumber): string {
  const prefix = digits.slice(0, -SUFFIX_DIGITS);
  // A number without any prefix is one more way to write it.
  return prefix === '' ? '-' : prefix;
}

/** What is special about the number, whatever is dialled before it; '' for nothing. */
export function numberKind(dialled: DialledNumber): string {
  for (const reading of readingsAbroad(dialled)) {
    const kind = kindOfNumber(reading);
    if (kind !== null) return kind;
  }
  return '';
}
