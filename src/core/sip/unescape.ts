/** Escapes within escapes that are undone: nobody honest writes one. */
const ROUNDS_MAX = 3;
const ESCAPE = /%([0-9a-f]{2})/gi;

/** A text without its escapes (RFC 3261 section 19.1.2), and without those that are escaped in turn. */
export function unescape(text: string): string {
  let plain = text;
  for (let round = 0; round < ROUNDS_MAX && plain.includes('%'); round += 1) {
    const before = plain;
    plain = unescapeOnce(plain);
    if (plain === before) break;
  }
  return plain;
}

/**
 * The text after each round, the first one also where there is nothing to undo: an attack may be hidden
 * in any of them, and an escape that is left was escaped itself.
 */
export function unescapedForms(text: string): readonly string[] {
  const forms = [unescapeOnce(text)];
  for (let round = 1; round < ROUNDS_MAX; round += 1) {
    const before = forms.at(-1) ?? '';
    const plain = unescapeOnce(before);
    if (plain === before) break;
    forms.push(plain);
  }
  return forms;
}

const unescapeOnce = (text: string): string =>
  text.includes('%')
    ? text.replaceAll(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
