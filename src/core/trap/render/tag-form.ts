import type { NonceForm, TagForm } from '../persona.js';

/** msg_random_token() of sofia-sip: 32 characters, 5 bits each. */
const SOFIA = 'aBcDeFgHjKmNpQrStUvXyZ0123456789';
const SOFIA_CHARS = 13;

/** Every form of a To-tag: how it is made of a hash in hexadecimal, and how it is recognised. */
const TAG_FORMS: Readonly<
  Record<TagForm, { readonly write: (hash: string) => string; readonly pattern: RegExp }>
> = {
  'as-hex': { write: (hash) => `as${hash.slice(0, 8)}`, pattern: /^as[0-9a-f]{8}$/ },
  uuid: { write: writeUuid, pattern: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/ },
  sofia: { write: writeSofia, pattern: /^[a-zA-Z0-9]{13}$/ },
  cisco: {
    write: (hash) => `${hash.slice(0, 8)}-${hash.slice(8, 12)}`.toUpperCase(),
    pattern: /^[0-9A-F]{8}-[0-9A-F]{4}$/,
  },
  decimal: {
    write: (hash) => String(Number.parseInt(hash.slice(0, 8), 16)),
    pattern: /^\d{1,10}$/,
  },
};

/** A hash (32 hexadecimal digits or more) in the form of a tag: at least 32 bits of it. */
export const writeTag = (hash: string, form: TagForm): string => TAG_FORMS[form].write(hash);

/**
 * The form that a tag has, or null. Tags are checked by their own form, so that those given out
 * before the persona was changed stay good.
 */
export function tagFormOf(tag: string): TagForm | null {
  // Object.entries loses the key type of a constant table.
  for (const [form, { pattern }] of Object.entries(TAG_FORMS) as [TagForm, { pattern: RegExp }][]) {
    if (pattern.test(tag)) return form;
  }
  return null;
}

/** The form that a nonce has, by its length and separators alone. */
export function nonceFormOf(nonce: string): NonceForm | null {
  if (nonce.length === 32) return 'hex';
  if (nonce.length === 36 && nonce.charAt(8) === '-') return 'uuid';
  return nonce.length === 43 && nonce.charAt(10) === '/' ? 'pjsip' : null;
}

/** A random UUID of RFC 9562 in its look; 122 bits of the hash. */
export function writeUuid(hash: string): string {
  const variant = '89ab'.charAt(Number.parseInt(hash.charAt(16), 16) & 3);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `4${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-');
}

function writeSofia(hash: string): string {
  let tag = '';
  for (let index = 0; index < SOFIA_CHARS; index += 1) {
    tag += SOFIA.charAt(Number.parseInt(hash.slice(index * 2, index * 2 + 2), 16) & 31);
  }
  return tag;
}
