import { LIMITS } from '../../common/limits.js';

const HEX = /^(?:[0-9a-f]{2})+$/;
/** What SIPVicious writes: printable ASCII and the separator \x01. */
const PLAIN = /^[\x01\x20-\x7e]+$/;

/**
 * The text that lower-case hexadecimal digits spell, as SIPVicious does it in its From tags
 * (`3130300131…` is `100`, \x01, `1…`). '' when the text is not hexadecimal, or when it spells
 * anything but printable ASCII and \x01: random tags then give '' almost always.
 */
export function hexText(digits: string): string {
  if (digits.length > LIMITS.hexTextCharsMax || !HEX.test(digits)) return '';
  const text = Buffer.from(digits, 'hex').toString('latin1');
  return PLAIN.test(text) ? text : '';
}
