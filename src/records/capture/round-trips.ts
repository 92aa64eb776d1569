import { hash } from 'node:crypto';
import { LIMITS } from '../../core/common/limits.js';
import { transportProof, type Proof } from '../../core/model/proof.js';
import type { SipMessage } from '../../core/model/sip-message.js';
import type { Endpoint } from '../../core/model/transport.js';
import { parseDigest } from '../../core/sip/headers/digest.js';

/**
 * What a capture shows going out to an address: challenges, tags, and who asked whom. What comes
 * back from there proves the address, as it does in the trap (core/trap/proof/prove.ts).
 */
export interface RoundTrips {
  readonly sent: Set<string>;
  readonly asked: Set<string>;
  /** Call-ID and tag of what the host itself sent: nobody else can know both. */
  readonly own: Set<string>;
}

type Carrier = 'udp' | 'tcp';

const KEY_CHARS_MAX = 256;

export const createRoundTrips = (): RoundTrips => ({
  sent: new Set(),
  asked: new Set(),
  own: new Set(),
});

/** Remembers that `client` sent a request to `server`. */
export function noteRequest(
  trips: RoundTrips,
  carrier: Carrier,
  client: Endpoint,
  server: Endpoint,
): void {
  remember(trips.asked, pairOf(carrier, client, server), LIMITS.capturePairsMax);
}

/** True when a response from `server` to `client` answers a request that was seen. */
export const isAnswer = (
  trips: RoundTrips,
  carrier: Carrier,
  server: Endpoint,
  client: Endpoint,
): boolean => trips.asked.has(pairOf(carrier, client, server));

/** Remembers a request of the host itself: a call, a registration, a subscription, a keep-alive. */
export function noteOwnRequest(trips: RoundTrips, { callId, fromTag }: SipMessage): void {
  if (callId === null) return;
  remember(trips.own, keyOf([callId, fromTag ?? '']), LIMITS.captureOwnRequestsMax);
}

/**
 * True for an answer to a request of the host itself, from whatever branch of a fork it comes, and
 * for a request within a dialog that such a request began: the far end's BYE, re-INVITE, UPDATE,
 * REFER, or the NOTIFY of a subscription. Its tag in To is the host's own (RFC 3261 section 12.2).
 */
export function isOfOwnRequest(trips: RoundTrips, message: SipMessage): boolean {
  const { kind, callId } = message;
  if (callId === null || kind === 'other') return false;
  const tag = kind === 'response' ? message.fromTag : message.toTag;
  // A request without a tag in To begins something of its own.
  if (kind === 'request' && (tag ?? '') === '') return false;
  const key = keyOf([callId, tag ?? '']);
  if (!trips.own.has(key)) return false;
  remember(trips.own, key, LIMITS.captureOwnRequestsMax);
  return true;
}

/** Remembers the nonces and the To-tag of an answer that went out. */
export function noteAnswer(
  trips: RoundTrips,
  message: SipMessage,
  server: Endpoint,
  client: Endpoint,
): void {
  for (const name of ['www-authenticate', 'proxy-authenticate']) {
    for (const value of message.headers(name)) {
      const nonce = parseDigest(value)?.nonce ?? '';
      if (nonce !== '') rememberSent(trips, ['nonce', server.address, client.address, nonce]);
    }
  }
  const { callId, toTag } = message;
  if (callId === null || toTag === null) return;
  rememberSent(trips, ['tag', server.address, client.address, callId, toTag]);
}

/**
 * How a request over UDP proves its source: by what was sent to that address before. A tag of the
 * host's proves it in every request of a dialog, where the trap knows ACK and BYE alone.
 */
export function proveByCapture(
  trips: RoundTrips,
  message: SipMessage,
  client: Endpoint,
  server: Endpoint,
): Proof {
  const byTransport = transportProof('udp');
  if (message.kind !== 'request') return byTransport;
  const nonce = message.authorization?.nonce ?? '';
  const was = (parts: readonly string[]): boolean => trips.sent.has(keyOf(parts));
  if (nonce !== '' && was(['nonce', server.address, client.address, nonce])) return 'nonce';
  const { callId, toTag } = message;
  if (callId === null || toTag === null) return byTransport;
  return was(['tag', server.address, client.address, callId, toTag]) ? 'dialog' : byTransport;
}

function rememberSent(trips: RoundTrips, parts: readonly string[]): void {
  remember(trips.sent, keyOf(parts), LIMITS.captureChallengesMax);
}

/** The least recently seen goes first: a Set keeps the order of insertion. */
function remember(set: Set<string>, key: string, max: number): void {
  set.delete(key);
  set.add(key);
  if (set.size <= max) return;
  const oldest = set.values().next();
  if (oldest.done !== true) set.delete(oldest.value);
}

const pairOf = (carrier: Carrier, client: Endpoint, server: Endpoint): string =>
  `${carrier} ${client.address} ${client.port} ${server.address} ${server.port}`;

/** A longer key is hashed: hostile headers must not fill the memory. */
function keyOf(parts: readonly string[]): string {
  const text = parts.join('\n');
  return text.length > KEY_CHARS_MAX ? hash('sha256', text, 'base64') : text;
}
