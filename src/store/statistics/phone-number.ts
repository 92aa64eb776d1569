import type { CountryCode } from 'libphonenumber-js/max';
import { kindOfNumber } from '../../core/detect/fields/number-ranges.js';
import { LIMITS } from '../../core/common/limits.js';
import { detach } from '../../core/common/text.js';
import { readDialled, readingsAbroad, withoutDialPrefix } from '../../core/sip/dialled-number.js';
import type { DialledNumber } from '../../core/sip/dialled-number.js';

/** What a number is for, as far as its digits tell. */
export const NUMBER_TYPES = [
  'extension',
  'fixed_line',
  'mobile',
  'fixed_line_or_mobile',
  'premium',
  'toll_free',
  'shared_cost',
  'voip',
  'personal',
  'satellite',
  'network',
  'pager',
  'uan',
  'voicemail',
  'unknown',
] as const;
export type NumberType = (typeof NUMBER_TYPES)[number];

/** A number that somebody dialled. */
export interface PhoneNumber {
  /** E.164 with its `+` where the country code is known; else the digits that were dialled. */
  readonly number: string;
  /** libphonenumber finds it in the numbering plan; null: it was not looked up. */
  readonly valid: boolean | null;
  /** ISO 3166 code; null for global services, and where it is not known. */
  readonly country: string | null;
  /** Country code of E.164, `44`. */
  readonly callingCode: string | null;
  readonly type: NumberType;
  /** Its beginning is one that revenue share fraud is known for. */
  readonly highRisk: boolean;
}

/**
 * What this file needs of libphonenumber: the number of a text such as `+442079460000`, or, with the
 * ISO code of a country, of what is dialled there, such as `02079460000`.
 */
export type NumberingPlan = (
  dialled: string,
  country?: string,
) =>
  | {
      /** E.164, as the plan of its country has it: without national zeros, with Italy's kept one. */
      readonly number: string;
      readonly country?: string | undefined;
      readonly countryCallingCode: string;
      isValid(): boolean;
      isPossible(): boolean;
      getType(): string | undefined;
    }
  | undefined;

/** Loaded by who writes, and by a query that needs it: it costs 11 MiB and 0.1 s (measured). */
export async function loadNumberingPlan(): Promise<NumberingPlan> {
  const { parsePhoneNumberFromString } = await import('libphonenumber-js/max');
  return (dialled, country) =>
    // A code that the library does not know makes it read nothing; the setting was checked.
    parsePhoneNumberFromString(dialled, country as CountryCode | undefined);
}

const INTERNATIONAL = /^[1-9]\d{6,14}$/;
/** Shorter numbers are not dialled to the world. */
const EXTENSION_DIGITS_MAX = 6;

/** Digits at the end that no reading changes: fewer than a number has that is dialled to the world. */
export const NUMBER_TAIL_DIGITS = 6;
/** Mexico's old ways to reach a mobile, gone since 2019: `+52 1`, and 044, 045 and 01 within. */
const OLD_MEXICO = /^\+52(?:1|01|044|045)(?=\d{10}$)/;

/**
 * The number behind what was dialled (readDialled): the first reading that the plan finds valid wins;
 * that of `homeCountry` (ISO code, null for none) comes first, then what is dialled before a number
 * abroad is stripped. The number is the plan's own, so that `+44 (0)20 …` and `+44 20 …` are one.
 * Without a plan the usual prefixes alone are stripped, and nothing is said of the country.
 */
export function readNumber(
  dialled: DialledNumber,
  plan: NumberingPlan | null,
  homeCountry: string | null = null,
): PhoneNumber {
  const { digits, behindPlus } = dialled;
  const plus = digits.startsWith('+') || behindPlus !== null;
  const bare = behindPlus ?? digits.replace('+', '');
  if (!plus && bare.length <= EXTENSION_DIGITS_MAX) return extension(bare);
  const likeliest = withoutDialPrefix(bare);
  const abroad = plus || likeliest !== bare;
  if (plan === null)
    return unread(abroad && INTERNATIONAL.test(likeliest) ? `+${likeliest}` : likeliest);
  if (!plus && homeCountry !== null) {
    const found = lookUp(plan, bare, homeCountry);
    if (found?.isValid() === true) return described(found, true);
  }
  for (const reading of readingsAbroad(dialled)) {
    const found = INTERNATIONAL.test(reading) ? lookUp(plan, `+${reading}`) : undefined;
    if (found?.isValid() === true) return described(found, true);
  }
  if (!abroad || !INTERNATIONAL.test(likeliest)) return unread(likeliest, false);
  const found = lookUp(plan, `+${likeliest}`);
  return found === undefined ? unread(`+${likeliest}`, false) : described(found, found.isValid());
}

type Planned = NonNullable<ReturnType<NumberingPlan>>;

/** The plan's reading, unless it takes digits out of the last ones, by which numbers are found. */
function lookUp(plan: NumberingPlan, dialled: string, country?: string): Planned | undefined {
  let found = plan(dialled, country);
  if (found !== undefined && OLD_MEXICO.test(found.number))
    found = plan(found.number.replace(OLD_MEXICO, '+52')) ?? found;
  return found?.number.endsWith(dialled.slice(-NUMBER_TAIL_DIGITS)) === true ? found : undefined;
}

const extension = (number: string): PhoneNumber => ({
  number,
  valid: false,
  country: null,
  callingCode: null,
  type: 'extension',
  highRisk: false,
});

/** A number of which its digits alone are known. */
function unread(number: string, valid: boolean | null = null): PhoneNumber {
  const kind = number.startsWith('+') ? kindOfNumber(number.slice(1)) : null;
  const type = kind === null || kind === 'high-risk' ? 'unknown' : kind;
  return {
    number,
    valid,
    country: null,
    callingCode: null,
    type,
    highRisk: kind === 'high-risk',
  };
}

function described(found: Planned, valid: boolean): PhoneNumber {
  const kind = kindOfNumber(found.number.slice(1));
  return {
    number: found.number,
    valid,
    country: found.country ?? null,
    callingCode: found.countryCallingCode,
    // Our own ranges tell satellites and networks apart, which the plan calls mobile and voip.
    type: kind === null || kind === 'high-risk' ? plannedType(found.getType()) : kind,
    highRisk: kind === 'high-risk',
  };
}

const PLANNED: Readonly<Record<string, NumberType>> = {
  FIXED_LINE: 'fixed_line',
  MOBILE: 'mobile',
  FIXED_LINE_OR_MOBILE: 'fixed_line_or_mobile',
  PREMIUM_RATE: 'premium',
  TOLL_FREE: 'toll_free',
  SHARED_COST: 'shared_cost',
  VOIP: 'voip',
  PERSONAL_NUMBER: 'personal',
  PAGER: 'pager',
  UAN: 'uan',
  VOICEMAIL: 'voicemail',
};

const plannedType = (type: string | undefined): NumberType => PLANNED[type ?? ''] ?? 'unknown';

export interface NumberReader {
  /** The number that a user part dials; null when it is none. `atUs`: when, event time. */
  read(form: string, atUs: number): PhoneNumber | null;
}

/**
 * Reads each form once and remembers it. At most `numbersReadPerSecondMax` are looked up in a
 * second of event time (some 50 µs each); what comes above is taken by its digits.
 */
export function createNumberReader(
  plan: NumberingPlan,
  homeCountry: string | null = null,
): NumberReader {
  let known = new Map<string, PhoneNumber>();
  let second = 0;
  let looked = 0;
  return {
    read: (form, atUs) => {
      const dialled = readDialled(form);
      if (dialled === null) return null;
      const { digits, behindPlus, behindCode } = dialled;
      const key = `${digits} ${behindPlus ?? ''} ${behindCode ?? ''}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const now = Math.floor(atUs / 1_000_000);
      if (now !== second) looked = 0;
      second = now;
      if (looked >= LIMITS.numbersReadPerSecondMax) return readNumber(dialled, null);
      looked += 1;
      const number = readNumber(dialled, plan, homeCountry);
      if (known.size >= LIMITS.numbersRememberedMax) known = new Map();
      known.set(detach(key), number);
      return number;
    },
  };
}
