import type { TrapEvent } from '../../model/event.js';
import { createPasswordCheck } from './digest-response.js';
import { checkNonce } from './nonce.js';

/** The weak passwords with which anybody is let in, whatever plausible user he names. */
export interface Lure {
  readonly passwords: readonly string[];
}

/**
 * True when the digest of a request was made with a password of the lure, for our realm and a nonce
 * of ours for this very address: so one who is let in has proved where he is.
 */
export function isLetIn(
  event: TrapEvent,
  lure: Lure,
  { secret, realm }: { readonly secret: Buffer; readonly realm: string },
): boolean {
  const { message, source, receivedAtUs } = event;
  const credentials = message.authorization;
  if (credentials === null || credentials.realm !== realm) return false;
  if (!checkNonce(secret, source.address, credentials.nonce, receivedAtUs)) return false;
  const isRight = createPasswordCheck(credentials, message.method ?? '');
  return isRight !== null && lure.passwords.some(isRight);
}
