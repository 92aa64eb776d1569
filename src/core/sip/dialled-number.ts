import { LIMITS } from '../common/limits.js';
import { unescape } from './unescape.js';

/** Characters of a written form that is kept: three a digit, as in `%30`. */
export const DIALLED_CHARS_MAX = LIMITS.numberCharsMax * 3;
/** Characters that are looked at: fillers may stand between, and escapes be escaped in turn. */
const WRITTEN_CHARS_MAX = LIMITS.numberCharsMax * 10;
/**
 * What says nothing between digits. RFC 3966 names the first four; the others are what RFC 3261 lets
 * stand in a user part, and what people, exchanges and attackers write.
 */
const FILLERS = "-.() \t/_,~!'&=$?";
/** Service codes and ways out of an exchange are dialled with these. */
const KEYS = '*#';

/** A number as it is dialled. */
export interface DialledNumber {
  /** The digits, with a `+` before them where one stands in front. */
  readonly digits: string;
  /** The digits behind a `+` that stands further in, as in `9+972…`; null: there is none. */
  readonly behindPlus: string | null;
  /** The digits behind a service code, as in `*67*0044…` or `9#0044…`; null: there is none. */
  readonly behindCode: string | null;
}

/**
 * The number that a user part dials, or a number as people write it; null when it is none. This is
 * the one reader of numbers, for rules, store, queries and answers alike: `%30` is a zero and `%23` a
 * `#` (RFC 3261, 19.1.4), parameters are no part of it but for a `;phone-context=+972`, to which a
 * local number belongs (RFC 3966, 5.1.5), a scheme and a host may stand around it, and fillers say
 * nothing, nor do up to three letters around nine digits or more.
 */
export function readDialled(form: string): DialledNumber | null {
  if (isBare(form)) {
    if (form.length > LIMITS.numberCharsMax) return null;
    return { digits: form, behindPlus: null, behindCode: null };
  }
  if (form !== last.form) last = { form, dialled: readClosely(form) };
  return last.dialled;
}

/** The digits alone, with a `+` before them where the number is written as an international one. */
export function dialledDigits(form: string): string | null {
  const dialled = readDialled(form);
  if (dialled === null) return null;
  return dialled.behindPlus === null ? dialled.digits : `+${dialled.behindPlus}`;
}

/** The form looked at last, for several fields are read of the same one. */
let last: { readonly form: string; readonly dialled: DialledNumber | null } = {
  form: '',
  dialled: null,
};

function readClosely(form: string): DialledNumber | null {
  const written = userOf(form);
  const end = written.search(/;|%3b/i);
  if ((end === -1 ? written.length : end) > WRITTEN_CHARS_MAX) return null;
  const text = unescape(written.slice(0, WRITTEN_CHARS_MAX * 2));
  const [user = ''] = text.split(/[;:]/, 1);
  const signs = signsOf(user) ?? signsBetweenLetters(user);
  if (signs === null) return null;
  const digits = signs.replaceAll(/(?!^)\+|[*#]/g, '');
  const context = CONTEXT.exec(text)?.[1];
  const whole = context === undefined ? digits : inContext(digits, digitsOf(context));
  if (whole.length > LIMITS.numberCharsMax || !/\d/.test(whole)) return null;
  return whole === digits
    ? { digits, behindPlus: behindPlus(signs), behindCode: behindCode(signs) }
    : { digits: whole, behindPlus: null, behindCode: null };
}

const CONTEXT = /;\s*phone-context\s*=\s*(\+[^;]*)/i;
/** A plus further in, and what it must have behind it to be one of a number. */
const INNER_PLUS = /^(?:\+|[\d*#]{1,8}\+)+(\d{7,20})$/;
const CODES = /^[\d*#]{0,8}[*#](\d{9,})[*#]?$/;
const BARE_CODE = /^\*\d\d(\d{9,})$/;

/** Digits, `*`, `#` and `+`; null where something else is between, or a `+` where none can be. */
function signsOf(user: string): string | null {
  let signs = '';
  for (const char of user) {
    if (isDigit(char.charCodeAt(0)) || char === '+' || KEYS.includes(char)) signs += char;
    else if (!FILLERS.includes(char)) return null;
  }
  return signs.lastIndexOf('+') > 0 && !INNER_PLUS.test(signs) ? null : signs;
}

/** Up to three letters at either end, which the pattern of a dial plan lets through or cuts off. */
const LETTERED = /^[^a-z\d\x00-\x08\n-\x1f]*[a-z]{0,3}(?![a-z])(.+?)[a-z]{0,3}$/is;
const LETTERED_DIGITS_MIN = 9;

function signsBetweenLetters(user: string): string | null {
  const signs = signsOf(LETTERED.exec(user)?.[1] ?? '');
  return signs !== null && digitsOf(signs).length >= LETTERED_DIGITS_MIN ? signs : null;
}

const behindPlus = (signs: string): string | null =>
  signs.lastIndexOf('+') > 0 ? (INNER_PLUS.exec(signs)?.[1] ?? null) : null;

const behindCode = (signs: string): string | null =>
  CODES.exec(signs)?.[1] ?? BARE_CODE.exec(signs)?.[1] ?? null;

const digitsOf = (text: string): string => text.replaceAll(/\D/g, '');

/** A local number in the context of a country or an area: its national zero is not dialled from there. */
function inContext(digits: string, context: string): string {
  const isAbroad = digits.startsWith('+') || withoutDialPrefix(digits) !== digits;
  const whole = `+${context}${digits.replace(/^0(?!0)/, '')}`;
  return isAbroad || context === '' || !GLOBAL.test(whole) ? digits : whole;
}

const GLOBAL = /^\+[1-9]\d{6,14}$/;

/**
 * A user part that is a number, as plainly as it can be written: what parts its digits is left out,
 * `*` and `#` are kept, for they are dialled. Null when it is no number.
 */
export function plainNumber(user: string): string | null {
  const signs = signsOf(user);
  return signs === null || !/\d/.test(signs) ? null : signs.replaceAll(/(?!^)\+/g, '');
}

/** Ways to dial abroad, also behind a digit for an outside line, the longest first. */
const DIAL = /^(?:9?0{2,4}|9?011|900|101\d(?:011|00)|810)(?=[1-9]\d{6,14}$)/;
/** What fraudsters try besides: up to six digits of whatever a PBX might want first. */
const ANY_DIAL = /^\d{1,6}?(?:0{2,4}|011)(?=[1-9]\d{6,14}$)/;
/** The same where such zeros come twice, as in `200100442071838750`. */
const FAR_DIAL = /^\d{1,6}(?:0{2,4}|011)(?=[1-9]\d{6,14}$)/;

/** Digits without what is dialled to get abroad. */
export const withoutDialPrefix = (digits: string): string => digits.replace(DIAL, '');

/**
 * What a number may be abroad, country code first, the likeliest first: behind its `+`, behind a dial
 * prefix or a service code, behind whatever else stands before zeros, or as it is.
 */
export function readingsAbroad({ digits, behindPlus: far, behindCode: code }: DialledNumber) {
  if (digits.startsWith('+')) {
    const bare = digits.slice(1);
    return [...new Set([bare, withoutDialPrefix(bare)])];
  }
  const behind = [far, code].flatMap((each) => (each === null ? [] : [withoutDialPrefix(each)]));
  const prefixed = [withoutDialPrefix(digits), digits.replace(ANY_DIAL, '')];
  return [...new Set([...behind, ...prefixed, digits.replace(FAR_DIAL, ''), digits])];
}

const PLUS = 43;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** True when there is nothing to leave out. */
function isBare(form: string): boolean {
  for (let index = 0; index < form.length; index += 1) {
    if (!isDigit(form.charCodeAt(index)) && (index > 0 || form.charCodeAt(0) !== PLUS))
      return false;
  }
  return form.length > 1 || (form.length === 1 && form !== '+');
}

/** Without scheme and host; its parameters stay. */
function userOf(form: string): string {
  const scheme = /^\s*(?:sips?|tel):/i.exec(form)?.[0];
  if (scheme === undefined) return form;
  const rest = form.slice(scheme.length);
  const at = rest.lastIndexOf('@');
  return at === -1 ? rest : rest.slice(0, at);
}
