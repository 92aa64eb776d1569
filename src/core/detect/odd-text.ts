import type { TrapEvent } from '../model/event.js';

const LF = 10;
/** Letters, digits and what names, numbers and parameters of users are made of in practice. */
const USUAL = new Set(
  Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-._*#~!:@=', (c) =>
    c.charCodeAt(0),
  ),
);
const IS_USUAL = Uint8Array.from({ length: 256 }, (_, code) => (USUAL.has(code) ? 1 : 0));

/**
 * The user parts of Request-URI, From and To and the digest user name, a line each, when any of
 * them has a character beyond the usual ones; null when all are plain, which is nearly always: the
 * patterns that look for attacks in names are then not tried at all.
 */
export function joinOddUsers({ message }: TrapEvent): string | null {
  const { requestUser, fromUser, toUser, authorization } = message;
  const username = authorization?.username ?? null;
  const odd = isOdd(requestUser) || isOdd(fromUser) || isOdd(toUser) || isOdd(username);
  if (!odd) return null;
  return [requestUser, fromUser, toUser, username].filter((user) => user !== null).join('\n');
}

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
