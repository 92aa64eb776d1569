import type { Outcome } from '../model/sensor.js';
import type { SipMessage } from '../model/sip-message.js';

/**
 * What a PBX made of a request, by the status of its response (RFC 3261, 21). `known`: the request's
 * nonce is one that the PBX gave to this source and does not call stale, so that its credentials were
 * checked and not merely out of date. Null: the status decides nothing yet.
 */
export function outcomeOf(request: SipMessage, status: number, known: boolean): Outcome | null {
  const { method } = request;
  const hasCredentials = (request.authorization?.response ?? '') !== '';
  const heard = hasCredentials ? 'succeeded' : 'answered';
  if (status < 200) return method === 'INVITE' && RINGING.has(status) ? heard : null;
  if (status < 400) return heard;
  if (status === 401 || status === 407) return hasCredentials && known ? 'failed' : 'challenged';
  if (method === 'REGISTER') {
    if (NOBODY.has(status)) return 'unknown_account';
    if (status === 403 && hasCredentials) return 'failed';
  }
  if (NOBODY.has(status)) return 'not_found';
  // Whoever is busy, away or declines was reached.
  return REACHED.has(status) ? heard : 'refused';
}

const RINGING: ReadonlySet<number> = new Set([180, 183]);
const NOBODY: ReadonlySet<number> = new Set([404, 410, 416, 484, 485, 604]);
const REACHED: ReadonlySet<number> = new Set([408, 423, 480, 486, 487, 488, 491, 600, 603, 606]);
