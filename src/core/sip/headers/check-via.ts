import type { Anomaly } from '../../model/anomaly.js';
import { readParam, splitList, takeValues } from './params.js';
import type { ValueBudget } from './params.js';
import { isPlainVia } from '../plain.js';
import { isHostPort } from './uri.js';

/** Protocol name, version and transport, blanks allowed around the slashes, then a blank. */
const SENT_PROTOCOL = /^SIP[ \t]*\/[ \t]*2\.0[ \t]*\/[ \t]*[A-Za-z0-9\-.!%*_+`'~]+[ \t]+/i;

/** Adds what is odd about one Via line, which may hold several values (RFC 3261 section 20.42). */
export function checkVia(value: string, found: Set<Anomaly>, budget: ValueBudget): void {
  if (!isPlainVia(value)) checkViaClosely(value, found, budget);
}

/** The same without the short cut. */
export function checkViaClosely(value: string, found: Set<Anomaly>, budget: ValueBudget): void {
  for (const one of takeValues(value, budget)) checkOne(one, found);
}

function checkOne(value: string, found: Set<Anomaly>): void {
  const protocol = SENT_PROTOCOL.exec(value)?.[0];
  if (protocol === undefined) {
    found.add('bad-via');
    return;
  }
  const rest = value.slice(protocol.length);
  const [sentBy = '', ...params] = splitList(rest, ';');
  if (!isHostPort(closeColon(sentBy))) found.add('bad-via');
  if (params.includes('')) found.add('empty-parameter');
  if (readParam(rest, 'branch')?.toLowerCase() === 'z9hg4bk') found.add('bad-branch');
}

/** Blanks may stand around the colon before the port (RFC 3261 section 25.1, COLON). */
function closeColon(sentBy: string): string {
  const colon = sentBy.lastIndexOf(':');
  if (colon === -1) return sentBy;
  return `${sentBy.slice(0, colon).trimEnd()}:${sentBy.slice(colon + 1).trimStart()}`;
}
