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

/**
 * Control characters (C0, DEL, C1), what turns the direction of writing, what is invisible, other
 * line ends, halves of a pair, and tags: none may reach a terminal from a text of others.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}|[\u{e0000}-\u{e007f}]/gu;

const escapeChar = (char: string): string => {
  const code = char.codePointAt(0) ?? 0;
  if (code < 256) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 65_536 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
};

/**
 * A text of others (a reason of a block, a file's name, a program's error) made safe for a terminal
 * and for one line: letters of every language stay, what UNSAFE names becomes `\xNN` or `\uNNNN`.
 */
export const safeText = (text: string): string => text.replace(UNSAFE, escapeChar);

/** The same for what the program lays out itself: line ends and colours (SGR) are its own. */
export const safeOutput = (text: string): string =>
  text.replace(UNSAFE, (char, at: number) => {
    if (char === '\n' || (char === '\u001b' && isColour(text, at))) return char;
    return escapeChar(char);
  });

/** What we write ourselves: reset, bold, dim, normal, and the 16 colours. Nothing that hides. */
const COLOUR = /\u001b\[(?:0|1|2|22|39|3[0-7]|9[0-7])?(?:;(?:1|2|22|39|3[0-7]|9[0-7]))?m/y;

function isColour(text: string, at: number): boolean {
  COLOUR.lastIndex = at;
  return COLOUR.test(text);
}

/** JSON for a terminal: what is unsafe becomes `\uNNNN`, which reads as the same text. */
export const safeJson = (json: string): string =>
  json.replace(UNSAFE, (char) =>
    char === '\n'
      ? char
      : [...Array(char.length).keys()]
          .map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`)
          .join(''),
  );
