import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../../src/core/model/anomaly.js';
import { findAnomalies } from '../../../src/core/sip/anomalies.js';
import {
  checkAddressClosely,
  checkUriClosely,
} from '../../../src/core/sip/headers/check-address.js';
import { checkViaClosely } from '../../../src/core/sip/headers/check-via.js';
import { codesOf } from '../../../src/core/sip/lines.js';
import { parseNameAddr } from '../../../src/core/sip/headers/name-addr.js';
import { readParam } from '../../../src/core/sip/headers/params.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { contactHost, readParty } from '../../../src/core/sip/headers/party.js';
import { isPlainAddress, isPlainUri, isPlainVia, plainParts } from '../../../src/core/sip/plain.js';
import { scanHead } from '../../../src/core/sip/scan.js';
import { parseStartLine } from '../../../src/core/sip/start-line.js';
import { parseUri } from '../../../src/core/sip/headers/uri.js';

describe('an address', () => {
  it.each([
    ['<sip:100@192.0.2.1>;tag=t1', '100', '192.0.2.1', 't1'],
    [
      '"Bell, A" <sips:a%20b@Example.ORG:5061;transport=tcp>;q=1;TAG=x;tag=y',
      'a%20b',
      'example.org',
      'x',
    ],
    ['Bell A <sip:[2001:DB8::1]:5060;tag=no>', null, '2001:db8::1', null],
    ['sip:100@[::1];tag', '100', '::1', ''],
    ['"a<b" <sip:c@d;tag=e>;tag=f', 'c', 'd', 'f'],
  ] as const)('%s is plain', (text, user, host, tag) => {
    expect(isPlainAddress(text)).toBe(true);
    expect(readParty(text)).toEqual({ user, host, tag, plain: true });
  });

  it.each([
    '',
    '*',
    'sip',
    'sip:',
    '<sip:a@b',
    '<sip:a@b> ',
    '<sip:a@b>;',
    '<sip:a@b>;;tag=1',
    '<sip:a@b>;tag=',
    '<sip:a@@b>',
    '<sip:a:pw@b>',
    '<sip:a@b:99999>',
    '<sip:a@b:>',
    '<sip:a@[::1>',
    '<tel:+1555>',
    '"a\\"b" <sip:a@b>',
    '"a <sip:a@b>',
    '<sip:a@b>;expires=4294967296',
    '<sip:a@b>, <sip:c@d>',
    '<sip:a@b?x=y>',
  ])('%s is looked at closely', (text) => {
    expect(isPlainAddress(text)).toBe(false);
  });
});

describe('a Via', () => {
  it.each([
    ['SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKa.b', 'z9hG4bKa.b'],
    ['SIP/2.0/TLS [::1];Branch=1;branch=2', '1'],
    ['SIP/2.0/UDP a;rport', null],
  ])('%s is plain', (text, branch) => {
    expect(isPlainVia(text)).toBe(true);
    const { paramBegin, paramEnd } = plainParts;
    expect(paramBegin === -1 ? null : text.slice(paramBegin, paramEnd)).toBe(branch);
  });

  it.each([
    'SIP/2.0/UDP 192.0.2.1',
    'SIP/2.0/U a;b',
    'SIP/2.0/udp a;b',
    'SIP/3.0/UDP a;b',
    'SIP/2.0/UDP  a;b',
    'SIP/2.0/UDP a;branch=z9hG4bK',
    'SIP/2.0/UDP a;b, SIP/2.0/UDP c;d',
    'SIP/2.0/UDP a;b="c"',
  ])('%s is looked at closely', (text) => {
    expect(isPlainVia(text)).toBe(false);
  });
});

/** Pieces that make plain values, and those that spoil them. */
const piece = fc.constantFrom(
  ...Array.from('aZ0_.-+*%~!\'()&=$/:;<>@"\\ ,?[]#\t\x80'),
  'sip:',
  '<sip:',
  'sips:',
  'user@host',
  '[::1]:5060',
  ';tag=x',
  ';TAG',
  ';branch=z9hG4bK',
  ';expires=3600',
  ';expires=99999999999',
  '>;',
  '"A" ',
  ':59999',
  ':60000',
);
const SEEDS = [
  '',
  '<sip:a@b>',
  '"A B" <sip:a@B:5060;lr>;tag=x',
  'SIP/2.0/UDP a:5060;branch=z9hG4bKx',
];
const value = fc
  .tuple(fc.constantFrom(...SEEDS), fc.nat(), fc.array(piece, { maxLength: 6 }), fc.nat(1))
  .map(([seed, where, pieces, cut]) => {
    const at = where % (seed.length + 1);
    return seed.slice(0, at) + pieces.join('') + seed.slice(at + cut);
  });

describe('what is plain', () => {
  const nothing = new Set<Anomaly>();
  const budget = { left: 1_000_000, exceeded: false };

  it('has nothing odd, and the parts of the close reading', () => {
    let plain = 0;
    fc.assert(
      fc.property(value, (text) => {
        if (isPlainUri(text)) expect(checkUriClosely(text)).toBe(true);
        if (isPlainVia(text)) {
          const { paramBegin, paramEnd } = plainParts;
          const branch = paramBegin === -1 ? null : text.slice(paramBegin, paramEnd);
          expect(branch).toBe(readParam(text, 'branch'));
          expectNothing((found) => {
            checkViaClosely(text, found, budget);
          });
        }
        if (!isPlainAddress(text)) return;
        plain += 1;
        const address = parseNameAddr(text);
        const { user, host } = parseUri(address.uri);
        expect(readParty(text)).toEqual({
          user,
          host,
          tag: readParam(address.params, 'tag'),
          plain: true,
        });
        expect(contactHost(text)).toBe(host);
        for (const name of ['from', 'contact'] as const) {
          expectNothing((found) => {
            checkAddressClosely(name, text, found, budget);
          });
        }
      }),
      { numRuns: 5_000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  function expectNothing(check: (found: Set<Anomaly>) => void): void {
    const found = new Set(nothing);
    check(found);
    expect([...found]).toEqual([]);
  }
});

const HEADERS = [
  'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa',
  'From: <sip:1@b>;tag=1',
  'To: <sip:2@b>',
  'Call-ID: 1',
  'CSeq: 1 INVITE',
  'Max-Forwards: 70',
  'Contact: <sip:1@192.0.2.1>',
  'Content-Length: 0',
];
const EXTRA = [
  't: x',
  'c : text/plain',
  'Expires: 99999999999',
  'Expires: 3600',
  'Min-Expires: 4294967296',
  'Date: today',
  'Date: Sat, 13 Nov 2010 23:29:00 GMT',
  'Max-Forwards: 256',
  'Max-Forwards : \t7 ',
  'Content-Length: 1',
  'Content-Length: 00000000000',
  'Contact: *',
  'Contact: <sip:a@b>;expires=4294967296',
  'Via: SIP/2.0/UDP c, SIP/2.0/UDP d',
  'CSeq: 4294967295 INVITE',
  'CSeq: 1 invite',
  'no colon',
  'X: y\r\n z',
  ' fold',
  '',
];

describe('the anomalies of a message', () => {
  it('are those that looking closely finds', () => {
    let ordinary = 0;
    fc.assert(
      fc.property(
        fc.subarray(HEADERS, { minLength: 6 }),
        fc.array(fc.tuple(fc.nat(9), fc.constantFrom(...EXTRA)), { maxLength: 2 }),
        fc.constantFrom('INVITE sip:a@b SIP/2.0', 'SIP/2.0 200 OK', 'INVITE a SIP/2.0'),
        (headers, extra, start) => {
          const lines = [...headers];
          for (const [at, line] of extra) lines.splice(at, 0, line);
          const bytes = Buffer.from(`${[start, ...lines].join('\r\n')}\r\n\r\n`, 'latin1');
          const message = parseMessage(bytes);
          const head = scanHead(bytes);
          const startLine = parseStartLine(head.startLine);
          if (startLine.kind === 'other') throw new Error('this is SIP');
          const codes = codesOf({ bytes, head, codes: undefined, values: [] });
          const closely = findAnomalies(message, head, codes, startLine.anomalies);
          expect(message.anomalies).toEqual(closely);
          if (closely.length === 0) ordinary += 1;
        },
      ),
      { numRuns: 2_000 },
    );
    expect(ordinary).toBeGreaterThan(100);
  });
});
