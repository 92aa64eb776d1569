import { timingSafeEqual } from 'node:crypto';
import { keyedHash } from './keyed-hash.js';

const BUCKET_US = 3_600_000_000;
/** 128 bits: a forger must not be able to guess one for an address that it cannot hear. */
const NONCE_CHARS = 32;

/**
 * The digest nonce for a source: the same one for the whole of an hour, so that the response of one
 * wrong stored password stays the same too, while a guesser's change. Bound to the address, not to
 * the port. `address` is canonical text; 32 hexadecimal characters come out.
 */
export function makeNonce(secret: Buffer, address: string, nowUs: number): string {
  return nonceOf(secret, address, bucketOf(nowUs));
}

/** True when the nonce is ours, for this address, of this hour or of the one before. */
export function checkNonce(secret: Buffer, address: string, nonce: string, nowUs: number): boolean {
  if (nonce.length !== NONCE_CHARS) return false;
  const bucket = bucketOf(nowUs);
  return (
    isEqual(nonce, nonceOf(secret, address, bucket)) ||
    isEqual(nonce, nonceOf(secret, address, bucket - 1))
  );
}

/**
 * The tag that our answers put on a To without one: `as` and 8 hexadecimal characters, Asterisk's
 * form. Bound to the address, the Call-ID and the hour; an ACK or BYE that brings it back proves
 * that the answer was received there. 32 bits only, so it vouches for one message at a time.
 */
export function makeToTag(secret: Buffer, address: string, callId: string, nowUs: number): string {
  return tagOf(secret, address, callId, bucketOf(nowUs));
}

/** True when the tag is ours, for this address and Call-ID, of this hour or of the one before. */
export function checkToTag(
  secret: Buffer,
  address: string,
  callId: string,
  tag: string,
  nowUs: number,
): boolean {
  if (!/^as[0-9a-f]{8}$/.test(tag)) return false;
  const bucket = bucketOf(nowUs);
  return (
    isEqual(tag, tagOf(secret, address, callId, bucket)) ||
    isEqual(tag, tagOf(secret, address, callId, bucket - 1))
  );
}

function bucketOf(nowUs: number): number {
  return Math.floor(nowUs / BUCKET_US);
}

function nonceOf(secret: Buffer, address: string, bucket: number): string {
  return keyedHash(secret, `nonce ${bucket} ${address}`).slice(0, NONCE_CHARS);
}

function tagOf(secret: Buffer, address: string, callId: string, bucket: number): string {
  return `as${keyedHash(secret, `tag ${bucket} ${address} ${callId}`).slice(0, 8)}`;
}

function isEqual(a: string, b: string): boolean {
  const left = Buffer.from(a, 'latin1');
  const right = Buffer.from(b, 'latin1');
  return left.length === right.length && timingSafeEqual(left, right);
}
