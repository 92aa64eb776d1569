import type { Anomaly } from '../model/anomaly.js';
import { LIMITS } from '../common/limits.js';
import type { SipMessage } from '../model/sip-message.js';
import { checkAddress, checkRequestUri } from './headers/check-address.js';
import { checkVia } from './headers/check-via.js';
import { headerCode } from './headers/header-index.js';
import { nameLength } from './headers/header-name.js';
import type { Head } from './scan.js';

/** Headers that are counted: how often each may and must be there. */
const COUNTED = (
  [
    ['via', true, false],
    ['from', true, true],
    ['to', true, true],
    ['call-id', true, true],
    ['cseq', true, true],
    ['max-forwards', false, true],
    ['content-length', false, true],
    ['content-type', false, true],
  ] as const
).map(([name, required, single], index) => ({ name, required, single, bit: 1 << index }));
const REQUIRED_BITS = COUNTED.reduce((bits, one) => (one.required ? bits | one.bit : bits), 0);
/** The counted headers by their codes in the index. */
const BY_CODE = new Map(COUNTED.map((one) => [headerCode(one.name), one]));

/** The names of all that is odd about a request or response, each once, in order of appearance. */
export function findAnomalies(
  message: SipMessage,
  head: Head,
  lines: readonly number[],
  startAnomalies: readonly Anomaly[],
): readonly Anomaly[] {
  const found = new Set<Anomaly>(startAnomalies);
  if (message.requestUri !== null && !checkRequestUri(message.requestUri)) {
    found.add('bad-request-uri');
  }
  checkSection(message, head, lines, found);
  const budget = { left: LIMITS.sipMessageValuesMax, exceeded: false };
  for (const value of message.headers('via')) checkVia(value, found, budget);
  for (const name of ['from', 'to', 'contact'] as const) {
    for (const value of message.headers(name)) checkAddress(name, value, found, budget);
  }
  if (budget.exceeded) found.add('too-many-values');
  checkCseq(message, found);
  checkNumbers(message, found);
  const date = message.header('date');
  if (date !== null && !/\bGMT$/i.test(date.slice(-8))) found.add('bad-date');
  checkLength(message, found);
  return [...found];
}

function checkSection(
  message: SipMessage,
  head: Head,
  lines: readonly number[],
  found: Set<Anomaly>,
): void {
  if (head.overflow) found.add('too-many-headers');
  if (!head.complete) found.add('unterminated-headers');
  let seen = 0;
  for (let line = 0; line < lines.length; line += 1) {
    const code = lines[line] ?? 0;
    if (code === 0) {
      const begin = head.spans[line * 2] ?? 0;
      const end = head.spans[line * 2 + 1] ?? 0;
      if (nameLength(message.bytes, begin, end) === -1) found.add('bad-header-line');
      continue;
    }
    const counted = BY_CODE.get(code);
    if (counted === undefined) continue;
    if (counted.single && (seen & counted.bit) !== 0) found.add('duplicate-header');
    seen |= counted.bit;
  }
  if ((seen & REQUIRED_BITS) !== REQUIRED_BITS) found.add('missing-header');
}

function checkCseq(message: SipMessage, found: Set<Anomaly>): void {
  if (message.header('cseq') === null) return;
  const { cseqNumber, cseqMethod } = message;
  if (cseqNumber === null || cseqNumber >= 2 ** 31) found.add('bad-cseq');
  if (message.kind === 'request' && cseqMethod !== null && cseqMethod !== message.method) {
    found.add('cseq-method-mismatch');
  }
}

const DURATIONS = ['expires', 'min-expires', 'retry-after'] as const;

function checkNumbers(message: SipMessage, found: Set<Anomaly>): void {
  const hops = message.header('max-forwards');
  if (hops !== null && !(/^\d{1,10}$/.test(hops) && Number(hops) <= 255)) {
    found.add('bad-max-forwards');
  }
  for (const name of DURATIONS) {
    const digits = /^\d+/.exec(message.header(name) ?? '')?.[0];
    if (digits !== undefined && Number(digits) >= 2 ** 32) found.add('bad-duration');
  }
}

function checkLength(message: SipMessage, found: Set<Anomaly>): void {
  const value = message.header('content-length');
  if (value === null) return;
  if (!/^\d{1,10}$/.test(value)) found.add('bad-content-length');
  else if (Number(value) > message.bytes.length - message.bodyOffset) found.add('short-body');
}
