import { hash } from 'node:crypto';

/** The key that was used last, as text: there is one in an agent, and it never changes. */
let last: { readonly secret: Buffer | null; readonly key: string } = { secret: null, key: '' };

/**
 * A keyed hash in hexadecimal: SHA-256 of the key and of the SHA-256 of the key and the text, as
 * HMAC nests it; without HMAC's pads it costs a third. The key is 32 random bytes that never leave
 * the agent.
 */
export function keyedHash(secret: Buffer, text: string): string {
  const key = keyText(secret);
  return hash('sha256', key + hash('sha256', key + text, 'hex'), 'hex');
}

/**
 * The first half of one SHA-256 of the key and the text: 128 bits in hexadecimal. Half of it is not
 * there to go on from, which is what HMAC guards against, so that one round is enough (as with
 * SHA-512/256). For what is made anew for each answer.
 */
export const keyedHalf = (secret: Buffer, text: string): string =>
  hash('sha256', keyText(secret) + text, 'hex').slice(0, 32);

function keyText(secret: Buffer): string {
  if (secret !== last.secret) last = { secret, key: secret.toString('hex') };
  return last.key;
}
