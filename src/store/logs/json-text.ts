import { isUtf8 } from 'node:buffer';

/** What JSON writes as it is, of printable ASCII. */
const AS_IT_IS = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * A text in JSON, in printable ASCII: JSON itself leaves DEL, C1 controls, U+2028 and bidi marks as
 * they are.
 */
export function jsonText(text: string): string {
  // To look first costs a fraction of what is looked for.
  if (AS_IT_IS.test(text)) return `"${text}"`;
  const json = JSON.stringify(text);
  if (!/[^\x20-\x7e]/.test(json)) return json;
  return json.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What a byte is to a line of JSON: bits of these. */
const HIGH = 1;
const CONTROL = 2;
const CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return HIGH;
  const isText = byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
  return isText && byte !== 0x7f ? 0 : CONTROL;
});

/**
 * The bytes of a message in JSON: as text (UTF-8, or else latin1, one character a byte), and in
 * base64 where that text does not hold every byte plainly, else `null`.
 */
export function bytesAsJson(raw: Buffer): { readonly message: string; readonly base64: string } {
  let found = 0;
  for (let at = 0; at < raw.length; at += 1) found |= CLASSES[raw[at] ?? 0] ?? 0;
  // Printable ASCII, tabs and line ends: nearly every message, and JSON escapes the rest itself.
  if (found === 0) return { message: JSON.stringify(raw.toString('latin1')), base64: 'null' };
  const utf8 = (found & HIGH) === 0 || isUtf8(raw);
  const message = raw.toString(utf8 ? 'utf8' : 'latin1');
  const plain = utf8 && !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(message);
  return { message: jsonText(message), base64: plain ? 'null' : `"${raw.toString('base64')}"` };
}
