import { LIMITS } from '../common/limits.js';
import type { SipMessage } from '../model/sip-message.js';
import { plainNumber } from './dialled-number.js';
import { unescape } from './unescape.js';

/**
 * Whom a user part names, whatever way it is spelled: this is the one reader of users, for rules,
 * store and answers alike. Escapes are undone (RFC 3261 section 19.1.2), a password and parameters
 * such as `;phone-context=` cut off (RFC 3966), and of a number what parts its digits is left out;
 * letter case stays, as it does in a PBX. Null for none; what would be nothing stays as it came.
 */
export function nameOfUser(user: string | null): string | null {
  if (user === null || isPlain(user)) return user;
  if (user !== last.user) last = { user, name: readName(user) };
  return last.name;
}

/**
 * Whom a request is for, as it is written: the user of the Request-URI. Of a call or message without
 * one it is that of To, by which PBXs that wait for any number find it.
 */
export function calledUser({ method, requestUser, toUser }: SipMessage): string | null {
  const calls = method === 'INVITE' || method === 'MESSAGE';
  return calls && (requestUser ?? '') === '' ? toUser : requestUser;
}

/** The user part looked at last, for it is read of To and of the Request-URI in turn. */
let last: { readonly user: string; readonly name: string } = { user: '', name: '' };

function readName(user: string): string {
  const cut = user.slice(0, LIMITS.conditionTextBytesMax);
  const [name = ''] = unescape(cut).split(/[;:]/, 1);
  const trimmed = name.trim();
  return plainNumber(trimmed) ?? (trimmed === '' ? user : trimmed);
}

/** Letters and digits alone, as nearly always. */
function isPlain(user: string): boolean {
  for (let index = 0; index < user.length; index += 1) {
    const code = user.charCodeAt(index);
    const isLetter = (code | 0x20) >= 97 && (code | 0x20) <= 122;
    if (!isLetter && (code < 48 || code > 57)) return false;
  }
  return true;
}
