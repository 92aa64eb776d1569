import { findOutsideQuotes } from './params.js';

/** A From, To or Contact value, cut in its parts (RFC 3261 section 20.10). */
export interface NameAddr {
  /** What stands before `<`, trimmed, its quotes kept; '' when nothing does. */
  readonly display: string;
  /** The URI, blanks kept, so that a check can see them. */
  readonly uri: string;
  /** From the first `;` after the URI on, or what stands there instead; '' when nothing does. */
  readonly params: string;
  /** true: the URI stands in `<` and `>`. */
  readonly enclosed: boolean;
  /** true: a `<` has no `>`. */
  readonly open: boolean;
}

const LESS = 60;
const SEMICOLON = 59;

/**
 * Cuts one value; never fails. Without `<`, the first `;` ends the URI and begins the header's own
 * parameters (RFC 3261 section 20.10).
 */
export function parseNameAddr(text: string): NameAddr {
  const less = findLess(text);
  if (less === -1) {
    const end = findOutsideQuotes(text, SEMICOLON, SEMICOLON, 0);
    const uri = text.slice(0, end).trim();
    return { display: '', uri, params: text.slice(end), enclosed: false, open: false };
  }
  const close = text.indexOf('>', less);
  const open = close === -1;
  return {
    display: text.slice(0, less).trim(),
    uri: text.slice(less + 1, open ? text.length : close),
    params: open ? '' : text.slice(close + 1).trim(),
    enclosed: true,
    open,
  };
}

function findLess(text: string): number {
  const at = findOutsideQuotes(text, LESS, LESS, 0);
  if (at < text.length) return at;
  // A quote that never ends hides the URI: it is looked for all the same (RFC 4475 3.1.2.6).
  return text.startsWith('"') ? text.indexOf('<') : -1;
}
