import type { SipMessage } from '../model/sip-message.js';

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

/** Extensions as PBXs have them: 2 to 6 digits, or one of the usual names. */
export function isPlausible(user: string | null): boolean {
  return user !== null && (/^\d{2,6}$/.test(user) || USUAL_NAMES.has(user.toLowerCase()));
}

/**
 * True when the user that a request is about "exists": for REGISTER the one in To, else the one in
 * the Request-URI; also when a plausible user dials a number, for whom a PBX wants a password first.
 */
export function concernsPlausibleUser(message: SipMessage): boolean {
  if (message.method === 'REGISTER') return isPlausible(message.toUser);
  const { requestUser, fromUser } = message;
  if (isPlausible(requestUser)) return true;
  return message.method === 'INVITE' && isDialled(requestUser) && isPlausible(fromUser);
}

/** A telephone number with whatever prefix, as toll fraud dials it. */
const isDialled = (user: string | null): boolean =>
  user !== null && /^[+*#]?[0-9*#.-]{7,40}$/.test(user);
