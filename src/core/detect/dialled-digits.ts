import { LIMITS } from '../model/limits.js';

/** Three characters a digit, as in `%30`. */
export const DIALLED_CHARS_MAX = LIMITS.numberCharsMax * 3;
/** RFC 3966 names the first four; the others are what people, exchanges and attackers write too. */
const FILLERS = '-.() /*#_,~';

/**
 * The digits that a user part or a number as people write it dials, with a `+` before them if it has
 * one; null when it is none. This is the one reader of numbers, for rules, tables and queries alike:
 * `%30` is a zero and `%23` a `#` (RFC 3261, 19.1.4), parameters such as `;phone-context=` are no
 * part of it (RFC 3966), a scheme and a host may stand around it, and fillers say nothing.
 */
export function dialledDigits(form: string): string | null {
  if (isBare(form)) return form.length <= LIMITS.numberCharsMax ? form : null;
  const written = userOf(form);
  if (written.length > DIALLED_CHARS_MAX) return null;
  const user = written.includes('%') ? decode(written) : written;
  let digits = '';
  for (let index = 0; index < user.length && user.charCodeAt(index) !== SEMICOLON; index += 1) {
    const code = user.charCodeAt(index);
    if (isDigit(code)) digits += user.charAt(index);
    else if (code === PLUS && digits === '') digits = '+';
    else if (!FILLERS.includes(user.charAt(index))) return null;
  }
  return digits.length > Number(digits.startsWith('+')) && digits.length <= LIMITS.numberCharsMax
    ? digits
    : null;
}

const PLUS = 43;
const SEMICOLON = 59;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** True when there is nothing to leave out. */
function isBare(form: string): boolean {
  for (let index = 0; index < form.length; index += 1) {
    if (!isDigit(form.charCodeAt(index)) && (index > 0 || form.charCodeAt(index) !== PLUS))
      return false;
  }
  return form.length > 1 || (form.length === 1 && form !== '+');
}

/** Without scheme, password, host and parameters. */
function userOf(form: string): string {
  const [user = ''] = form.split(';', 1);
  const scheme = /^(?:sips?|tel):/i.exec(user)?.[0];
  if (scheme === undefined) return user;
  const [before = ''] = user.slice(scheme.length).split('@', 1);
  return before.split(':', 1)[0] ?? '';
}

const decode = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
