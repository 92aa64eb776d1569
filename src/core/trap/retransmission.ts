import { hash } from 'node:crypto';
import { LIMITS } from '../common/limits.js';
import type { SipMessage } from '../model/sip-message.js';
import type { Endpoint } from '../model/transport.js';
import {
  clearSeen,
  createSeenTable,
  markSeen,
  seenAtUs,
  type SeenKey,
  type SeenTable,
} from './seen-table.js';

/** When which message was seen first, in two generations, so that the old goes in one step. */
export interface Retransmissions {
  /** The agent's own, so that nobody can work out messages whose keys meet. */
  readonly seed: number;
  readonly messagesMax: number;
  current: SeenTable;
  previous: SeenTable;
  currentSinceUs: number;
}

/** 64 times T1: how long a client may go on sending (RFC 3261 section 17.1.1.2, timer B). */
const WINDOW_US = 32_000_000;

/** `messagesMax`: how many of one generation are remembered. */
export function createRetransmissions(
  seed = 0,
  messagesMax: number = LIMITS.retransmissionsMax,
): Retransmissions {
  return {
    seed,
    messagesMax,
    current: createSeenTable(messagesMax),
    previous: createSeenTable(messagesMax),
    currentSinceUs: 0,
  };
}

/**
 * True when the same source sent the same message within the last 32 s. The same: transaction
 * (branch, Call-ID, CSeq, method; RFC 3261 section 17.2.3) and also Request-URI, To and digest
 * response, because a tool may keep the transaction constant while it guesses. svwar and svcrack
 * do the reverse, a new branch for each guess. Without a branch the bytes are compared. What is no
 * SIP is never one. Remembers at most twice `messagesMax`; in a flood the window shrinks.
 */
export function isRetransmission(
  state: Retransmissions,
  source: Endpoint,
  message: SipMessage,
  nowUs: number,
): boolean {
  if (message.kind === 'other') return false;
  const due = nowUs - state.currentSinceUs >= WINDOW_US;
  if (due || state.current.size >= state.messagesMax) {
    const oldest = state.previous;
    state.previous = state.current;
    state.current = oldest;
    clearSeen(oldest);
    state.currentSinceUs = nowUs;
  }
  hashMessage(state.seed, source, message);
  const seenUs = seenAtUs(state.current, key) ?? seenAtUs(state.previous, key);
  if (seenUs !== null && nowUs - seenUs < WINDOW_US) return true;
  markSeen(state.current, key, nowUs);
  return false;
}

/** The key of the message that is looked at; one is enough, for nothing here waits. */
const key: SeenKey = { lo: 0, hi: 0 };

function hashMessage(seed: number, source: Endpoint, message: SipMessage): void {
  key.lo = seed ^ 0x2f0b4c47;
  key.hi = seed ^ 0x6c078965;
  addText(source.address);
  addNumber(source.port);
  const { viaBranch } = message;
  if (viaBranch === null || viaBranch === '') {
    addText(hash('sha256', message.bytes, 'base64'));
  } else {
    addText(viaBranch);
    addText(message.callId ?? '');
    addNumber(message.cseqNumber ?? -1);
    addText(message.method ?? '');
    addNumber(message.statusCode ?? -1);
    addText(message.requestUri ?? '');
    addText(message.header('to') ?? '');
    addText(message.authorization?.response ?? '');
  }
  key.lo = finish(key.lo ^ (key.hi >>> 7));
  key.hi = finish(key.hi ^ (key.lo << 9));
}

/** Two interleaved multiply-xor chains. The length stands before the text, so that it ends. */
function addText(text: string): void {
  let { lo, hi } = key;
  lo = Math.imul(lo ^ text.length, 0x9e3779b1);
  const last = text.length - 1;
  for (let index = 0; index <= last; index += 2) {
    // Two characters a round: the chain, not the text, is what takes time.
    const code = text.charCodeAt(index) ^ (index === last ? 0 : text.charCodeAt(index + 1) << 16);
    lo = Math.imul(lo ^ code, 0x9e3779b1);
    hi = Math.imul(hi ^ code, 0x5f356495);
    lo ^= hi >>> 15;
    hi ^= lo >>> 13;
  }
  key.lo = lo;
  key.hi = hi;
}

function addNumber(number: number): void {
  key.lo = Math.imul(key.lo ^ number, 0x9e3779b1);
  key.hi = Math.imul(key.hi ^ (number + (key.lo >>> 15)), 0x5f356495);
}

/** The finish of MurmurHash3: every bit of the value has a say in every bit that comes out. */
function finish(value: number): number {
  let mixed = value;
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
