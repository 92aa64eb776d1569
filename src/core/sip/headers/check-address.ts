import type { Anomaly } from '../../model/anomaly.js';
import { parseNameAddr, type NameAddr } from './name-addr.js';
import { quoteEnd, readParam, splitList, takeValues } from './params.js';
import type { ValueBudget } from './params.js';
import { isPlainAddress, isPlainUri } from '../plain.js';
import { hostPortOf, isHostPort, parseUri } from './uri.js';

/** Blanks, angle brackets, quotes and controls: RFC 3261 section 25.1 has none of them in a URI. */
const URI_CHARS = /^[^\s<>"\x00-\x20\x7f]+$/;
const DISPLAY_TOKENS = /^[A-Za-z0-9\-.!%*_+`'~ \t]*$/;

/** True when a Request-URI may stand there as it is (RFC 3261 sections 19.1.1 and 25.1). */
export const checkRequestUri = (text: string): boolean => isPlainUri(text) || checkUriClosely(text);

/** The same without the short cut. */
export function checkUriClosely(text: string): boolean {
  if (!isUri(text)) return false;
  // Headers in a SIP Request-URI are forbidden (RFC 3261 table 1); other schemes may hold a `?`.
  const uri = parseUri(text);
  return !isSip(uri.scheme) || !uri.rest.includes('?');
}

/** Adds what is odd about one From, To or Contact line (RFC 3261 sections 20.10, 20.20, 20.39). */
export function checkAddress(
  name: 'from' | 'to' | 'contact',
  value: string,
  found: Set<Anomaly>,
  budget: ValueBudget,
): void {
  if (!isPlainAddress(value)) checkAddressClosely(name, value, found, budget);
}

/** The same without the short cut. */
export function checkAddressClosely(
  name: 'from' | 'to' | 'contact',
  value: string,
  found: Set<Anomaly>,
  budget: ValueBudget,
): void {
  if (name !== 'contact') {
    // These hold one value: a comma in it belongs to that.
    if (budget.left === 0) budget.exceeded = true;
    else {
      budget.left -= 1;
      checkOne(value, found);
    }
    return;
  }
  if (value === '*') return;
  for (const one of takeValues(value, budget)) {
    checkOne(one, found);
    const expires = readParam(parseNameAddr(one).params, 'expires');
    if (expires !== null && /^\d+$/.test(expires) && Number(expires) >= 2 ** 32) {
      found.add('bad-duration');
    }
  }
}

function checkOne(value: string, found: Set<Anomaly>): void {
  const address = parseNameAddr(value);
  const quotes = checkDisplay(address.display);
  if (quotes !== null) found.add(quotes);
  if (address.open || !isUri(address.uri)) found.add('bad-address');
  // Outside of brackets a `?` would begin the header's own text (RFC 3261 section 20.10).
  else if (!address.enclosed && address.uri.includes('?')) found.add('bad-address');
  checkParams(address, found);
}

function checkDisplay(display: string): Anomaly | null {
  if (!display.startsWith('"')) return DISPLAY_TOKENS.test(display) ? null : 'bad-address';
  const end = quoteEnd(display, 0);
  if (end === -1) return 'unterminated-quote';
  return end === display.length - 1 ? null : 'bad-address';
}

function checkParams(address: NameAddr, found: Set<Anomaly>): void {
  if (address.params === '') return;
  const [before, ...params] = splitList(address.params, ';');
  if (before !== '') found.add('bad-address');
  if (params.includes('')) found.add('empty-parameter');
}

function isUri(text: string): boolean {
  if (!URI_CHARS.test(text)) return false;
  const uri = parseUri(text);
  if (uri.scheme === '') return false;
  return !isSip(uri.scheme) || isHostPort(hostPortOf(uri.rest));
}

function isSip(scheme: string): boolean {
  return scheme === 'sip' || scheme === 'sips';
}
