import { timingSafeEqual } from 'node:crypto';
import { LIMITS } from '../../common/limits.js';
import { keyedHalf, keyedHash } from './keyed-hash.js';
import type { NonceForm, TagForm } from '../persona.js';
import { nonceFormOf, tagFormOf, writeTag, writeUuid } from '../render/tag-form.js';

const HOUR_S = 3_600;
const HOUR_US = HOUR_S * 1_000_000;
const NONCE_HOURS = 4;
/** 128 bits: a forger must not be able to guess one for an address that it cannot hear. */
const NONCE_CHARS = 32;

/**
 * The digest nonce for a source: the same one for four hours, so that the response of one wrong
 * stored password stays the same too, six or seven of them a day, while a guesser's change. Bound to the address, not to
 * the port. `address` is canonical text; 122 bits or more come out, in the form of the persona.
 */
export function makeNonce(
  secret: Buffer,
  address: string,
  nowUs: number,
  form: NonceForm = 'hex',
): string {
  const bucket = nonceBucket(nowUs);
  return writeNonce(rememberedHash(secret, address, bucket), bucket, form);
}

/** The opaque value that some products add to a nonce: 16 hexadecimal digits, as steady as it. */
export function makeOpaque(secret: Buffer, address: string, nowUs: number): string {
  return keyedHash(secret, `opaque ${nonceBucket(nowUs)} ${address}`).slice(0, 16);
}

/** True when the nonce is ours, for this address, of these four hours or, in the first, those before. */
export function checkNonce(secret: Buffer, address: string, nonce: string, nowUs: number): boolean {
  const form = nonceFormOf(nonce);
  if (form === null) return false;
  const bucket = nonceBucket(nowUs);
  if (isEqual(nonce, writeNonce(rememberedHash(secret, address, bucket), bucket, form)))
    return true;
  // Proof must be fresh, for addresses change hands: an hour is for what was under way.
  const before = nonceBucket(nowUs - HOUR_US);
  if (before === bucket) return false;
  return isEqual(nonce, writeNonce(nonceHash(secret, address, before), before, form));
}

/**
 * The tag that our answers put on a To without one, in the form of the persona. Bound to the
 * address, the Call-ID and the hour; an ACK or BYE that brings it back proves that the answer was
 * received there. As few as 32 bits, so it vouches for one message at a time.
 */
export function makeToTag(
  secret: Buffer,
  address: string,
  callId: string,
  nowUs: number,
  form: TagForm = 'as-hex',
): string {
  return writeTag(tagHash(secret, address, callId, bucketOf(nowUs)), form);
}

/** True when the tag is ours, for this address and Call-ID, of this hour or of the one before. */
export function checkToTag(
  secret: Buffer,
  address: string,
  callId: string,
  tag: string,
  nowUs: number,
): boolean {
  const form = tagFormOf(tag);
  if (form === null) return false;
  const bucket = bucketOf(nowUs);
  return (
    isEqual(tag, writeTag(tagHash(secret, address, callId, bucket), form)) ||
    isEqual(tag, writeTag(tagHash(secret, address, callId, bucket - 1), form))
  );
}

const bucketOf = (nowUs: number): number => Math.floor(nowUs / HOUR_US);

const nonceBucket = (nowUs: number): number => Math.floor(nowUs / (NONCE_HOURS * HOUR_US));

const nonceHash = (secret: Buffer, address: string, bucket: number): string =>
  keyedHash(secret, `nonce ${bucket} ${address}`);

/** The hashes of these hours' nonces by address: each is the same for every message of a source. */
const hashes: { secret: Buffer | null; bucket: number; readonly byAddress: Map<string, string> } = {
  secret: null,
  bucket: 0,
  byAddress: new Map(),
};

function rememberedHash(secret: Buffer, address: string, bucket: number): string {
  const { byAddress } = hashes;
  if (hashes.secret !== secret || hashes.bucket !== bucket) byAddress.clear();
  hashes.secret = secret;
  hashes.bucket = bucket;
  const known = byAddress.get(address);
  if (known !== undefined) return known;
  if (byAddress.size >= LIMITS.noncesRememberedMax) byAddress.clear();
  const hash = nonceHash(secret, address, bucket);
  byAddress.set(address, hash);
  return hash;
}

function writeNonce(hash: string, bucket: number, form: NonceForm): string {
  switch (form) {
    case 'hex':
      return hash.slice(0, NONCE_CHARS);
    case 'uuid':
      return writeUuid(hash);
    case 'pjsip': {
      // Made at some second of the hour before: on the full hour each time would be a sign of ours.
      const atS = bucket * NONCE_HOURS * HOUR_S - (Number.parseInt(hash.slice(-4), 16) % HOUR_S);
      return `${atS}/${hash.slice(0, NONCE_CHARS)}`;
    }
  }
}

function tagHash(secret: Buffer, address: string, callId: string, bucket: number): string {
  return keyedHalf(secret, `tag ${bucket} ${address} ${callId}`);
}

function isEqual(a: string, b: string): boolean {
  const left = Buffer.from(a, 'latin1');
  const right = Buffer.from(b, 'latin1');
  return left.length === right.length && timingSafeEqual(left, right);
}
