import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StoredToken } from '../../store/types.js';
import { formatTime, type TokenView } from '../views.js';

/** By which scanners of repositories know it, and people what a leaked text is. */
const PREFIX = 'spa_';
const SECRET_BYTES = 32;
/** What is longer is none, and is not hashed. */
const CHARS_MAX = 128;

/** A new token and what is stored of it. 256 random bits need no slow hash: nobody can try them all. */
export function makeToken(): { readonly token: string; readonly hash: string } {
  const token = `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { token, hash: hashOf(token) };
}

/**
 * The stored token that `text` is, expired ones too; null: none. Every hash is compared, and each in
 * the same time, so that the time of an answer tells nothing.
 */
export function findToken(tokens: readonly StoredToken[], text: string): StoredToken | null {
  if (text.length > CHARS_MAX) return null;
  const hash = Buffer.from(hashOf(text), 'hex');
  let found: StoredToken | null = null;
  for (const token of tokens) {
    if (timingSafeEqual(hash, Buffer.from(token.hash, 'hex'))) found = token;
  }
  return found;
}

export const isExpired = ({ expiresAtUs }: StoredToken, nowUs: number): boolean =>
  expiresAtUs !== null && expiresAtUs <= nowUs;

export const tokenView = (token: StoredToken, nowUs: number): TokenView => ({
  name: token.name,
  scope: token.scope,
  created_at: formatTime(token.createdAtUs),
  expires_at: token.expiresAtUs === null ? null : formatTime(token.expiresAtUs),
  expired: isExpired(token, nowUs),
});

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
