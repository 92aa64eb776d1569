import { describe, expect, it } from 'vitest';
import type { SipMessage } from '../../../src/core/model/sip-message.js';
import { parseMessage } from '../../../src/core/sip/parse.js';

const REST = {
  via: 'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',
  from: 'From: <sip:1@example.org>;tag=1',
  to: 'To: <sip:2@example.org>',
  'call-id': 'Call-ID: 1',
  cseq: 'CSeq: 1 INVITE',
};

function message(
  start: string,
  changes: Readonly<Record<string, string | undefined>>,
  body = '',
): SipMessage {
  const lines = [start, ...Object.values({ ...REST, ...changes }).filter((line) => line !== '')];
  return parseMessage(Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
}

const INVITE = 'INVITE sip:2@example.org SIP/2.0';

describe('a start line', () => {
  const check = (start: string, anomalies: readonly string[]): void => {
    expect(message(start, {}).anomalies).toEqual(anomalies);
  };
  it.each([
    [INVITE, []],
    ['INVITE sip:2@example.org sip/2.0', []],
    ['INVITE sip:[2001:db8::1]:5060;lr SIP/2.0', []],
    ['INVITE tel:+15551234 SIP/2.0', []],
    ['SIP/2.0 200 OK', []],
    ['SIP/2.0 200', []],
    ['INVITE  sip:2@example.org SIP/2.0', ['bad-start-line']],
    ['INVITE sip:2@example.org SIP/2.0 ', ['bad-start-line']],
    ['INVITE sip:2@example.org', ['bad-version']],
    ['INVITE sip:2@example.org SIP/3.0', ['bad-version']],
    ['SIP/3.0 200 OK', ['bad-version']],
    ['SIP/2.0 99 Low', ['bad-status-code']],
    ['SIP/2.0 2000 High', ['bad-status-code']],
    ['INVITE <sip:2@example.org> SIP/2.0', ['bad-request-uri']],
    ['INVITE sip:2@example.org; lr SIP/2.0', ['bad-request-uri']],
    ['INVITE sip:2@example.org?Route=x SIP/2.0', ['bad-request-uri']],
    ['INVITE sip:2001:db8::1 SIP/2.0', ['bad-request-uri']],
    ['INVITE sip:2@example.org:99999 SIP/2.0', ['bad-request-uri']],
    ['INVITE 2 SIP/2.0', ['bad-request-uri']],
  ] as const)('%s', (start, anomalies) => {
    check(start, anomalies);
  });
});

describe('a header', () => {
  const check = (
    changes: Readonly<Record<string, string | undefined>>,
    anomalies: readonly string[],
  ): void => {
    expect(message(INVITE, changes).anomalies).toEqual(anomalies);
  };
  it.each([
    [{ cseq: '' }, ['missing-header']],
    [{ via: '' }, ['missing-header']],
    [{ x: 'To: <sip:3@example.org>' }, ['duplicate-header']],
    [{ x: 't: <sip:3@example.org>' }, ['duplicate-header']],
    [{ x: 'X-Any: ;;,,"' }, []],
    [{ x: 'no colon' }, ['bad-header-line']],
    [{ x: 'bad name: 1' }, ['bad-header-line']],
    [{ x: ': 1' }, ['bad-header-line']],
    [{ via: 'Via: SIP/2.0/UDP 192.0.2.1' }, []],
    [{ via: 'Via: SIP/2.0/UDP [2001:db8::1]:65535;branch=a, SIP/2.0/TCP b : 5060;branch=c' }, []],
    [{ via: 'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK' }, ['bad-branch']],
    [{ via: 'Via: SIP/2.0/UDP 192.0.2.1:70000;branch=z9hG4bKa' }, ['bad-via']],
    [{ via: 'Via: SIP/2.0/U(P 192.0.2.1;branch=z9hG4bKa' }, ['bad-via']],
    [{ via: 'Via: SIP/2.0/UDP 192.0.2.1;;branch=z9hG4bKa' }, ['empty-parameter']],
    [{ via: 'Via: SIP/2.0/UDP 192.0.2.1,' }, ['bad-via']],
    [{ from: 'From: Bell, A <sip:1@example.org>;tag=1' }, ['bad-address']],
    [{ from: 'From: "Bell <sip:1@example.org>;tag=1' }, ['unterminated-quote']],
    [{ from: 'From: "Bell" A <sip:1@example.org>;tag=1' }, ['bad-address']],
    [{ from: 'From: <sip:1@example.org;tag=1' }, ['bad-address']],
    [{ from: 'From: <sip:1@example.org> x;tag=1' }, ['bad-address']],
    [{ from: 'From: < sip:1@example.org>;tag=1' }, ['bad-address']],
    [{ from: 'From: 1@example.org' }, ['bad-address']],
    [{ from: 'From: "\\"" <tel:+1;phone-context=x>;tag="a;b"' }, []],
    [{ x: 'Contact: *' }, []],
    [{ x: 'Contact: None' }, ['bad-address']],
    [{ x: 'Contact: <sip:1@b>, "a,b" <sip:2@b>;q=0.3' }, []],
    [{ x: 'Contact: sip:1@b?Route=x' }, ['bad-address']],
    [{ x: 'Contact: <sip:1@b?Route=x>' }, []],
    [{ x: 'Contact: <sip:1@b>;;' }, ['empty-parameter']],
    [{ x: 'Contact: <sip:1@b>;expires=4294967295' }, []],
    [{ x: 'Contact: <sip:1@b>;expires=4294967296' }, ['bad-duration']],
    [{ x: 'Expires: 4294967296' }, ['bad-duration']],
    [{ x: 'Retry-After: 120 (soon)' }, []],
    [{ cseq: 'CSeq: 2147483648 INVITE' }, ['bad-cseq']],
    [{ cseq: 'CSeq: INVITE' }, ['bad-cseq']],
    [{ cseq: 'CSeq: 1' }, ['bad-cseq']],
    [{ cseq: 'CSeq: 1 OPTIONS' }, ['cseq-method-mismatch']],
    [{ x: 'Max-Forwards: 0255' }, []],
    [{ x: 'Max-Forwards: 256' }, ['bad-max-forwards']],
    [{ x: 'Max-Forwards: -1' }, ['bad-max-forwards']],
    [{ x: 'Date: Sat, 13 Nov 2010 23:29:00 GMT' }, []],
    [{ x: 'Date: Sat, 13 Nov 2010 23:29:00 EST' }, ['bad-date']],
    [{ x: 'Content-Length: -1' }, ['bad-content-length']],
    [{ x: 'Content-Length: 1' }, ['short-body']],
  ] as const)('%j', (changes, anomalies) => {
    check(changes, anomalies);
  });

  it('is looked for below the first thousand only, and that is named', () => {
    const many = message(INVITE, { x: 'x:1\r\n'.repeat(1_000) + 'Date: 1' }, 'body');
    expect(many.anomalies).toEqual(['too-many-headers']);
    expect(many.header('date')).toBeNull();
    expect(many.bytes.subarray(many.bodyOffset).toString()).toBe('body');
  });

  it.each([
    ['all in two lines', `Contact: ${'*,'.repeat(99)}*\r\n`.repeat(3)],
    ['one a line', 'm: <sip:a@b>x\r\n'.repeat(201)],
    ['before a Contact that would be odd', `v: ${'a,'.repeat(99)}a\r\n`.repeat(2) + 'm: ;;'],
  ])('looks at so many values of a message, and names that there are more: %s', (_name, x) => {
    expect(message(INVITE, { x: x.trimEnd() }).anomalies).toContain('too-many-values');
    expect(message(INVITE, { x: x.trimEnd() }).anomalies).not.toContain('empty-parameter');
  });

  it('is not said to have too many values when all are looked at', () => {
    const x = `Contact: ${'<sip:a@b>;q=1,'.repeat(99)}<sip:a@b>`;
    expect(
      message(INVITE, { x: `${x}\r\nContact: ${'<sip:a@b>,'.repeat(50)}*` }).anomalies,
    ).toEqual(['bad-address']);
  });

  it('may be cut off by the end of the bytes', () => {
    const cut = parseMessage(Buffer.from(`${INVITE}\r\n${Object.values(REST).join('\r\n')}`));
    expect(cut.anomalies).toEqual(['unterminated-headers']);
    expect(cut.bodyOffset).toBe(cut.bytes.length);
  });
});
