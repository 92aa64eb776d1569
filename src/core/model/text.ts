import { LIMITS } from './limits.js';

/**
 * Packet text made safe for a terminal, a log line or a sentence: control characters, bytes beyond
 * ASCII and backslashes become `\xNN`, and the length is capped (an ellipsis says so).
 */
export function quoteText(text: string, charsMax: number = LIMITS.quotedTextCharsMax): string {
  const cut = text.length > charsMax ? text.slice(0, charsMax) : text;
  const safe = cut.replace(/[^\x20-\x5b\x5d-\x7e]/g, (char) => {
    const code = char.charCodeAt(0);
    return code < 256
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return text.length > charsMax ? `${safe}…` : safe;
}

/** V8 copies shorter pieces of a text; longer ones are views that keep the whole text alive. */
const COPIED_CHARS_MAX = 12;

/**
 * A copy of a text that stands alone. What was cut out of a message, or of many texts in one, may be
 * a view of that, and would keep all of it in memory for as long as it is kept itself.
 */
export function detach(text: string): string {
  if (text.length <= COPIED_CHARS_MAX) return text;
  const encoding = /[^\x00-\xff]/.test(text) ? 'utf16le' : 'latin1';
  return Buffer.from(text, encoding).toString(encoding);
}

/** Text that was escaped before (as the database keeps it), cut to a length for a column. */
export function clipText(text: string, charsMax: number): string {
  const safe = text.replace(/[^\x20-\x7e…]/g, '?');
  return safe.length > charsMax ? `${safe.slice(0, charsMax)}…` : safe;
}
