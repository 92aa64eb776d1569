/** V8 copies shorter pieces of a text; longer ones are views that keep the whole text alive. */
const COPIED_CHARS_MAX = 12;

/**
 * A copy of packet text (latin-1) that stands alone. What the parser cut out of a message may be a
 * view of the whole message's text, and would keep all of it in memory for as long as it is kept.
 */
export const detach = (text: string): string =>
  text.length <= COPIED_CHARS_MAX ? text : Buffer.from(text, 'latin1').toString('latin1');
