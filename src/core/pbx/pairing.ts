import { LIMITS } from '../common/limits.js';
import { transportProof, type Proof } from '../model/proof.js';
import type { Outcome, Sensor } from '../model/sensor.js';
import type { SipMessage } from '../model/sip-message.js';
import type { Packet } from '../model/transport.js';
import { outcomeOf } from './outcome.js';
import { createRecent, holds, renew, type Recent } from './recent.js';

/** A sensor that shows whole messages. */
export type Mirror = Exclude<Sensor, 'trap' | 'log'>;

/** A request to the PBX, and what it made of it. */
export interface Heard {
  readonly packet: Packet;
  readonly message: SipMessage;
  readonly sensor: Mirror;
  readonly outcome: Outcome;
  readonly proof: Proof;
}

interface Waiting {
  readonly request: Omit<Heard, 'outcome'>;
  readonly sinceUs: number;
}

/** Requests that wait for their final response, and the nonces that the PBX gave to whom. */
export interface Pairing {
  /** Oldest first. */
  readonly waiting: Map<string, Waiting>;
  readonly nonces: Recent;
}

export const createPairing = (): Pairing => ({
  waiting: new Map(),
  nonces: createRecent(LIMITS.mirroredNoncesMax, LIMITS.mirroredNonceS),
});

/**
 * Takes one message that a mirror shows, and returns the request that it decides: a response those
 * that it answers, an ACK itself, everything else nothing yet. `isOwn` says of an address that the
 * PBX is behind it: what it asks others is not heard.
 */
export function takeMirrored(
  pairing: Pairing,
  packet: Packet,
  { message, sensor }: { readonly message: SipMessage; readonly sensor: Mirror },
  isOwn: (address: string) => boolean,
  nowUs: number,
): readonly Heard[] {
  const { source, local } = packet;
  if (message.kind === 'response') {
    // Whoever is not the PBX answers what the PBX asked.
    const isAnswer = !isOwn(local.address) || isOwn(source.address);
    return isAnswer ? takeResponse(pairing, local.address, message, nowUs) : [];
  }
  if (message.kind !== 'request' || (isOwn(source.address) && !isOwn(local.address))) return [];
  const proof = proofOf(pairing, packet, { message, sensor }, nowUs);
  const request = { packet, message, sensor, proof };
  // An ACK has no response (RFC 3261, 17.1.1.3).
  if (message.method === 'ACK') return [{ ...request, outcome: 'none' }];
  const key = keyOf(source.address, message);
  if (pairing.waiting.has(key)) return [];
  const full = pairing.waiting.size >= LIMITS.mirroredWaitingMax ? takeOldest(pairing) : [];
  pairing.waiting.set(key, { request, sinceUs: nowUs });
  return full;
}

/** The requests that have had no final response for too long. */
export function takeUnanswered(pairing: Pairing, nowUs: number): readonly Heard[] {
  const taken: Heard[] = [];
  for (const [key, { sinceUs, request }] of pairing.waiting) {
    if (nowUs - sinceUs < LIMITS.mirroredAnswerS * 1_000_000) break;
    pairing.waiting.delete(key);
    taken.push({ ...request, outcome: 'unanswered' });
  }
  return taken;
}

function takeOldest({ waiting }: Pairing): readonly Heard[] {
  for (const [key, { request }] of waiting) {
    waiting.delete(key);
    return [{ ...request, outcome: 'unanswered' }];
  }
  return [];
}

function takeResponse(
  pairing: Pairing,
  to: string,
  response: SipMessage,
  nowUs: number,
): readonly Heard[] {
  const { waiting, nonces } = pairing;
  const key = keyOf(to, response);
  const request = waiting.get(key)?.request;
  const challenge = challengeOf(response);
  const given = request?.message.authorization?.nonce ?? '';
  const known = given !== '' && !challenge.stale && holds(nonces, nonceKey(to, given), nowUs);
  for (const nonce of challenge.nonces) renew(nonces, nonceKey(to, nonce), nowUs);
  if (request === undefined) return [];
  const outcome = outcomeOf(request.message, response.statusCode ?? 0, known);
  if (outcome === null) return [];
  waiting.delete(key);
  return [{ ...request, outcome }];
}

/** The transaction at this address (RFC 3261, 17.1.3). The port may be that of the topmost Via. */
const keyOf = (address: string, { viaBranch, callId, cseqNumber, method }: SipMessage): string =>
  JSON.stringify([address, viaBranch, callId, cseqNumber, method].map((part) => cut(part)));

const cut = (part: string | number | null): string | number | null =>
  typeof part === 'string' ? part.slice(0, LIMITS.mirroredKeyCharsMax) : part;

const nonceKey = (address: string, nonce: string): string =>
  `${address} ${nonce.slice(0, LIMITS.mirroredKeyCharsMax)}`;

/** The nonces that a response offers; `stale`: the one in use has only run out (RFC 7616, 3.3). */
function challengeOf(response: SipMessage): { nonces: readonly string[]; stale: boolean } {
  const { statusCode } = response;
  if (statusCode !== 401 && statusCode !== 407) return { nonces: [], stale: false };
  const name = statusCode === 401 ? 'www-authenticate' : 'proxy-authenticate';
  const values = response.headers(name).slice(0, LIMITS.mirroredChallengesMax);
  const nonces = values.flatMap((value) => /\bnonce\s*=\s*"([^"]*)"/i.exec(value)?.[1] ?? []);
  return { nonces, stale: values.some((value) => /\bstale\s*=\s*"?true/i.test(value)) };
}

/**
 * A stream's handshake was completed with the PBX; over UDP a nonce came back that it sent to this
 * address. A WebSocket may be a web page's in a visitor's browser, so it alone proves nothing, and
 * HEP has one number for TLS and for WebSockets over it (siptrace of Kamailio).
 */
function proofOf(
  { nonces }: Pairing,
  { transport, source }: Packet,
  { message: { authorization }, sensor }: { readonly message: SipMessage; readonly sensor: Mirror },
  nowUs: number,
): Proof {
  const isPage =
    transport === 'ws' || transport === 'wss' || (sensor === 'hep' && transport === 'tls');
  const byTransport = isPage ? 'none' : transportProof(transport);
  if (byTransport !== 'none') return byTransport;
  const nonce = authorization?.nonce ?? '';
  return nonce !== '' && holds(nonces, nonceKey(source.address, nonce), nowUs) ? 'nonce' : 'none';
}
