import { transportProof, type Proof } from '../../model/proof.js';
import type { Anomaly } from '../../model/anomaly.js';
import type { SipMessage } from '../../model/sip-message.js';
import type { Transport } from '../../model/transport.js';
import { checkNonce, checkToTag } from './nonce.js';

/** What a browser can be made to send by any web page, to any port and in its visitor's name. */
const BROWSERS: ReadonlySet<Anomaly> = new Set<Anomaly>(['http', 'tls-hello', 'stun', 'web-page']);

/** What it can be made to open as well, and to send nothing on (`preconnect`). */
const noBytes = (noted: readonly Anomaly[]): boolean =>
  noted.includes('no-message') || noted.includes('no-handshake');

/**
 * True when a web page may be behind a message: a WebSocket with an Origin, or an HTTP request
 * (fetch, a form), a ClientHello (an image by https) or STUN (WebRTC) on a port of SIP. The address
 * is real then, and its owner has done nothing: that proves no attack, so it counts as unproven.
 */
export const mayBeWebPage = ({ kind, anomalies }: SipMessage, noted: readonly Anomaly[]): boolean =>
  noted.includes('web-page') ||
  noBytes(noted) ||
  (kind === 'other' && anomalies.some((each) => BROWSERS.has(each)));

/**
 * How we know that the source of this one message is real: by its transport, by a nonce of ours in
 * its credentials, or by a To-tag of ours in an ACK or BYE. `address` is the source's canonical
 * text, `secret` the key that makeNonce and makeToTag were given.
 */
export function proveSource(
  message: SipMessage,
  transport: Transport,
  address: string,
  secret: Buffer,
  nowUs: number,
): Proof {
  const byTransport = transportProof(transport);
  if (byTransport !== 'none' || message.kind !== 'request') return byTransport;
  const credentials = message.authorization;
  if (credentials !== null && checkNonce(secret, address, credentials.nonce, nowUs)) return 'nonce';
  if (message.method !== 'ACK' && message.method !== 'BYE') return 'none';
  return bearsOurTag(message, address, secret, nowUs) ? 'dialog' : 'none';
}

/** Whether the To-tag is one that we gave this source for this Call-ID. */
export function bearsOurTag(
  { callId, toTag }: SipMessage,
  address: string,
  secret: Buffer,
  nowUs: number,
): boolean {
  if (callId === null || toTag === null) return false;
  return checkToTag(secret, address, callId, toTag, nowUs);
}
