import type { TrapEvent } from '../../model/event.js';
import { LIMITS } from '../../common/limits.js';
import { readParty } from '../../sip/headers/party.js';
import { unescapedForms } from '../../sip/unescape.js';

const LF = 10;
/** Letters, digits and what names, numbers and parameters of users are made of in practice. */
const USUAL = new Set(
  Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-._*#~!:@=', (c) =>
    c.charCodeAt(0),
  ),
);
const IS_USUAL = Uint8Array.from({ length: 256 }, (_, code) => (USUAL.has(code) ? 1 : 0));

/** Between two texts: a comma and blanks, so that no pattern finds its parts in two of them. */
const BETWEEN = ' , ';

/**
 * The user parts of Request-URI, From, To and Contact with their escapes undone, round by round, and the
 * digest user name, in which nothing is escaped, when any of them has a character beyond the usual
 * ones; null when all are plain, which is nearly always: the patterns that look for attacks in names are
 * then not tried at all.
 */
export function joinOddUsers({ message }: TrapEvent): string | null {
  const { requestUser, fromUser, toUser, contact, authorization } = message;
  const username = authorization?.username ?? null;
  const users = [requestUser, fromUser, toUser, contactUser(contact)];
  if (!users.some(isOdd) && !isOdd(username)) return null;
  const forms = users.flatMap((user) => (user === null ? [] : unescapedForms(showNul(cut(user)))));
  if (username !== null) forms.push(cut(username), ...unescapedForms(cut(username)));
  return [...new Set(forms)].join(BETWEEN);
}

/**
 * The display names of From and To, when one has a character of markup or of a command; null when not.
 * They end where the address begins, at the last angle bracket.
 */
export function joinOddNames({ message }: TrapEvent): string | null {
  const names = [message.header('from'), message.header('to')].map(nameBefore);
  return names.some((name) => ODD_NAME.test(name)) ? names.map(cut).join(BETWEEN) : null;
}

const ODD_NAME = /[<>$`|{]/;
const nameBefore = (value: string | null): string =>
  value === null ? '' : value.slice(0, Math.max(0, value.lastIndexOf('<')));

/** Five of them, with their rounds, must not make each other invisible. */
const cut = (user: string): string => user.slice(0, LIMITS.conditionTextBytesMax / 8);

/** An escaped NUL is odd and no offence (RFC 4475 section 3.1.1.4); one that is there as a byte is. */
const showNul = (user: string): string => user.replaceAll('%00', '\u2400');

const contactUser = (contact: string | null): string | null =>
  contact === null ? null : readParty(contact).user;

function isOdd(user: string | null): boolean {
  if (user === null) return false;
  for (let index = 0; index < user.length; index += 1) {
    if (IS_USUAL[user.charCodeAt(index)] !== 1) return true;
  }
  return false;
}

/** Bytes of the longest line before the body, its line end left out. */
export function longestHeaderBytes({ message: { bytes, bodyOffset } }: TrapEvent): number {
  let longest = 0;
  let start = 0;
  while (start < bodyOffset) {
    const found = bytes.indexOf(LF, start);
    const end = found === -1 || found > bodyOffset ? bodyOffset : found;
    longest = Math.max(longest, end - start);
    start = end + 1;
  }
  return longest;
}
