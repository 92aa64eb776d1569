import { hash } from 'node:crypto';
import { LIMITS } from '../model/limits.js';
import type { SipMessage } from '../model/sip-message.js';
import type { Endpoint } from '../model/transport.js';

/** When which message was seen first, in two generations, so that the old goes in one step. */
export interface Retransmissions {
  current: Map<string, number>;
  previous: Map<string, number>;
  currentSinceUs: number;
}

/** 64 times T1: how long a client may go on sending (RFC 3261 section 17.1.1.2, timer B). */
const WINDOW_US = 32_000_000;
/** A longer key is hashed: hostile headers must not fill the memory. */
const KEY_CHARS_MAX = 256;

export function createRetransmissions(): Retransmissions {
  return { current: new Map(), previous: new Map(), currentSinceUs: 0 };
}

/**
 * True when the same source sent the same message within the last 32 s. The same: transaction
 * (branch, Call-ID, CSeq, method; RFC 3261 section 17.2.3) and also Request-URI, To and digest
 * response, because a tool may keep the transaction constant while it guesses. svwar and svcrack
 * do the reverse, a new branch for each guess. Without a branch the bytes are compared. What is no
 * SIP is never one. Remembers at most twice `retransmissionsMax`; in a flood the window shrinks.
 */
export function isRetransmission(
  state: Retransmissions,
  source: Endpoint,
  message: SipMessage,
  nowUs: number,
): boolean {
  if (message.kind === 'other') return false;
  const due = nowUs - state.currentSinceUs >= WINDOW_US;
  if (due || state.current.size >= LIMITS.retransmissionsMax) {
    state.previous = state.current;
    state.current = new Map();
    state.currentSinceUs = nowUs;
  }
  const key = keyOf(source, message);
  const seenUs = state.current.get(key) ?? state.previous.get(key);
  if (seenUs !== undefined && nowUs - seenUs < WINDOW_US) return true;
  state.current.set(key, nowUs);
  return false;
}

function keyOf(source: Endpoint, message: SipMessage): string {
  const { viaBranch } = message;
  const from = `${source.address} ${source.port} `;
  if (viaBranch === null || viaBranch === '') {
    return from + hash('sha256', message.bytes, 'base64');
  }
  const what = [
    viaBranch,
    message.callId,
    message.cseqNumber,
    message.method,
    message.statusCode,
    message.requestUri,
    message.header('to'),
    message.authorization?.response,
  ].join('\n');
  return from + (what.length > KEY_CHARS_MAX ? hash('sha256', what, 'base64') : what);
}
