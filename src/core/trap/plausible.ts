import type { SipMessage } from '../model/sip-message.js';
import { readDialled } from '../sip/dialled-number.js';
import { calledUser, nameOfUser } from '../sip/user-part.js';

/** Names that an operator gives to extensions beside numbers, and that word lists try. */
const USUAL_NAMES: ReadonlySet<string> = new Set([
  'admin',
  'fax',
  'guest',
  'info',
  'office',
  'operator',
  'phone',
  'reception',
  'sales',
  'sip',
  'support',
  'test',
  'user',
]);

/** Extensions as PBXs have them, however spelled: 2 to 6 digits, or one of the usual names. */
export function isPlausible(user: string | null): boolean {
  const name = nameOfUser(user);
  return name !== null && (/^\d{2,6}$/.test(name) || USUAL_NAMES.has(name.toLowerCase()));
}

/**
 * True when the user that a request is about "exists": for REGISTER the one in To, else whom it calls;
 * also when a plausible user dials a number, for whom a PBX wants a password first.
 */
export function concernsPlausibleUser(message: SipMessage): boolean {
  if (message.method === 'REGISTER') return isPlausible(message.toUser);
  const called = calledUser(message);
  if (isPlausible(called)) return true;
  return message.method === 'INVITE' && isDialled(called) && isPlausible(message.fromUser);
}

const DIALLED_DIGITS_MIN = 7;

/** A telephone number with whatever prefix, as toll fraud dials it. */
const isDialled = (user: string | null): boolean =>
  user !== null && (readDialled(user)?.digits.length ?? 0) >= DIALLED_DIGITS_MIN;
