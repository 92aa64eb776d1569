import type { DigestCredentials } from '../../model/sip-message.js';
import { splitList, unquote } from './params.js';

/**
 * The credentials of an Authorization or Proxy-Authorization value (RFC 7616 section 3.4); null when
 * its scheme is not Digest. The first of a repeated parameter counts.
 */
export function parseDigest(value: string): DigestCredentials | null {
  const scheme = /^digest(?:\s+|$)/i.exec(value);
  if (scheme === null) return null;
  const found = new Map<string, string>();
  for (const part of splitList(value.slice(scheme[0].length), ',')) {
    const equals = part.indexOf('=');
    if (equals === -1) continue;
    const name = part.slice(0, equals).trim().toLowerCase();
    if (NAMES.has(name) && !found.has(name)) found.set(name, unquote(part.slice(equals + 1)));
  }
  const read = (name: string): string => found.get(name) ?? '';
  return {
    username: read('username'),
    realm: read('realm'),
    nonce: read('nonce'),
    uri: read('uri'),
    response: read('response'),
    algorithm: read('algorithm'),
    qop: read('qop'),
    cnonce: read('cnonce'),
    nc: read('nc'),
  };
}

const NAMES = new Set([
  'username',
  'realm',
  'nonce',
  'uri',
  'response',
  'algorithm',
  'qop',
  'cnonce',
  'nc',
]);
