import { hash } from 'node:crypto';
import type { DigestCredentials } from '../../model/sip-message.js';

/** The hash of a digest algorithm that we offer and check (RFC 7616, RFC 8760), or null. */
export function digestHashOf(algorithm: string): 'md5' | 'sha256' | null {
  switch (algorithm.toUpperCase()) {
    case '':
    case 'MD5':
      return 'md5';
    case 'SHA-256':
      return 'sha256';
    default:
      return null;
  }
}

/**
 * Says of a password whether these credentials were made with it (RFC 7616 section 3.4, without
 * qop and with `auth`; svcrack says `auth` and computes as without). Null when the algorithm or the qop is another. `method` is the request's.
 * What does not hang on the password is hashed once. Text is latin1, as the parser gives it.
 */
export function createPasswordCheck(
  credentials: DigestCredentials,
  method: string,
): ((password: string) => boolean) | null {
  const name = digestHashOf(credentials.algorithm);
  const { username, realm, nonce, uri, qop, nc, cnonce, response } = credentials;
  if (name === null || response === '' || (qop !== '' && qop.toLowerCase() !== 'auth')) return null;
  const digest = (text: string): string => hash(name, Buffer.from(text, 'latin1'), 'hex');
  const plain = qop === '' || (cnonce === '' && nc === '');
  const middle = plain ? nonce : [nonce, nc, cnonce, qop].join(':');
  const tail = `:${middle}:${digest(`${method}:${uri}`)}`;
  const head = `${username}:${realm}:`;
  const wanted = response.toLowerCase();
  return (password) => digest(digest(head + password) + tail) === wanted;
}
