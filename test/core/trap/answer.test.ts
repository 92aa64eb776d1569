import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { answerTo } from '../../../src/core/trap/answer.js';
import { checkNonce, checkToTag, makeNonce } from '../../../src/core/trap/nonce.js';
import { digest, makeEvent, makeRequest, NOW_US, SECRET } from './message.js';

const settings = { secret: SECRET, realm: 'asterisk' };
const address = '192.0.2.1';

describe('the status', () => {
  it.each([
    ['OPTIONS', '100', 200],
    ['OPTIONS', '3189778125', 200],
    ['REGISTER', '100', 401],
    ['REGISTER', '10', 401],
    ['REGISTER', '123456', 401],
    ['REGISTER', 'Admin', 401],
    ['REGISTER', '1', 404],
    ['REGISTER', '1234567', 404],
    ['REGISTER', '2322125314', 404],
    ['REGISTER', 'nobody-here', 404],
    ['INVITE', '100', 401],
    ['INVITE', '900442071234567', 404],
    ['SUBSCRIBE', '100', 401],
    ['MESSAGE', '100', 401],
    ['PUBLISH', '2322125314', 404],
    ['BYE', '100', 481],
    ['CANCEL', '100', 481],
    ['RE%47IST%45R', '100', 501],
    ['register', '100', 501],
  ] as const)('%s %s: %i', (method, user, status) => {
    expect(answerTo(makeEvent(makeRequest(method, user)), settings)?.status).toBe(status);
  });

  it('is a challenge again when a password was tried', () => {
    const nonce = makeNonce(SECRET, address, NOW_US);
    const message = makeRequest('REGISTER', '100', { Authorization: digest(nonce) });
    const answer = answerTo(makeEvent(message), settings);
    expect(answer?.status).toBe(401);
    expect(parseMessage(answer?.bytes ?? Buffer.alloc(0)).header('www-authenticate')).toBe(
      `Digest algorithm=MD5, realm="asterisk", nonce="${nonce}"`,
    );
  });
});

describe('nothing is answered', () => {
  it.each([
    ['to a response', parseMessage(Buffer.from('SIP/2.0 200 OK\r\nVia: a\r\n\r\n'))],
    ['to an ACK', makeRequest('ACK', '100')],
    ['to what is no SIP', parseMessage(Buffer.from('GET / HTTP/1.0\r\n\r\n'))],
    ['to an empty datagram', parseMessage(Buffer.alloc(0))],
    ...['Via', 'To', 'From', 'Call-ID', 'CSeq'].map(
      (name) => [`without ${name}`, makeRequest('OPTIONS', '100', { [name]: '' })] as const,
    ),
  ] as const)('%s', (_, message) => {
    expect(answerTo(makeEvent(message), settings)).toBeNull();
  });
});

describe('the text', () => {
  it('is what Asterisk sends, header for header', () => {
    const answer = answerTo(makeEvent(makeRequest('REGISTER', '100')), settings);
    const text = answer?.bytes.toString('latin1') ?? '';
    const message = parseMessage(answer?.bytes ?? Buffer.alloc(0));
    expect(message.anomalies).toEqual([]);
    expect(checkToTag(SECRET, address, 'call-1', message.toTag ?? '', NOW_US)).toBe(true);
    const nonce = /nonce="(.+?)"/.exec(text)?.[1] ?? '';
    expect(checkNonce(SECRET, address, nonce, NOW_US)).toBe(true);
    expect(
      text
        .replace(nonce, 'NONCE')
        .replace(message.toTag ?? '', 'TAG')
        .split('\r\n'),
    ).toEqual([
      'SIP/2.0 401 Unauthorized',
      'Via: SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK-1;received=192.0.2.1;rport=5061',
      'From: <sip:100@198.51.100.1>;tag=from',
      'To: <sip:100@198.51.100.1>;tag=TAG',
      'Call-ID: call-1',
      'CSeq: 1 REGISTER',
      expect.stringMatching(/^Server: Asterisk PBX /),
      'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
      'Supported: replaces, timer',
      'WWW-Authenticate: Digest algorithm=MD5, realm="asterisk", nonce="NONCE"',
      'Content-Length: 0',
      '',
      '',
    ]);
  });

  const echoed = (name: string, sent: string): readonly string[] => {
    const event = makeEvent(makeRequest('OPTIONS', '100', { [name]: sent }));
    const answer = answerTo(event, settings);
    return parseMessage(answer?.bytes ?? Buffer.alloc(0)).headers(name.toLowerCase());
  };
  const from = ';received=192.0.2.1';
  it.each([
    ['Via', 'SIP/2.0/UDP a;branch=b', [`SIP/2.0/UDP a;branch=b${from}`]],
    ['Via', 'SIP/2.0/UDP a;rport;branch=b', [`SIP/2.0/UDP a;branch=b${from};rport=5061`]],
    ['Via', 'SIP/2.0/UDP a;rport=9;branch=b', [`SIP/2.0/UDP a;branch=b${from};rport=5061`]],
    ['Via', 'SIP/2.0/UDP a , SIP/2.0/TCP b', [`SIP/2.0/UDP a${from}, SIP/2.0/TCP b`]],
    ['Via', 'SIP/2.0/UDP a\r\nv: c;rport', [`SIP/2.0/UDP a${from}`, 'c;rport']],
    ['To', '<sip:1@b>;tag=x', ['<sip:1@b>;tag=x']],
    ['From', '"\xd0\x90" <sip:1@b>\r\n ;tag=1', ['"\xd0\x90" <sip:1@b> ;tag=1']],
    ['Call-ID', 'a\rX-Evil: 1\0', ['a X-Evil: 1']],
  ] as const)('echoes %s: %j', (name, sent, expected) => {
    expect(echoed(name, sent)).toEqual(expected);
  });

  it('names an IPv6 source and our IPv6 address as RFC 5118 wants', () => {
    const event = makeEvent(makeRequest('OPTIONS', '100'), 'udp', '2001:db8::1');
    const local = { address: '2001:db8::5', port: 5060 };
    const text = answerTo({ ...event, local }, settings)?.bytes.toString() ?? '';
    expect(text).toContain(';received=2001:db8::1;rport=5061\r\n');
    expect(text).toContain('Contact: <sip:[2001:db8::5]:5060>\r\n');
  });

  it('lets no header value begin a line of its own', () => {
    const hostile = fc
      .array(fc.constantFrom(...Array.from('\r\n\0 \t;,"<>:a=')), { maxLength: 40 })
      .map((chars) => chars.join('').replace(/\n(?![ \t])/g, '\n '));
    const names = fc.constantFrom('Via', 'From', 'To', 'Call-ID', 'CSeq');
    fc.assert(
      fc.property(names, hostile, (name, value) => {
        const message = makeRequest('OPTIONS', '100', { [name]: `x${value}` });
        const answer = answerTo(makeEvent(message, 'tcp'), settings);
        const text = answer?.bytes.toString('latin1') ?? '';
        expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
        expect(text.split('\r\n')).toHaveLength(14);
      }),
    );
  });
});

describe('the size', () => {
  const tiny = parseMessage(
    Buffer.from(
      'REGISTER sip:a SIP/2.0\r\nv:a\r\nf:b\r\nt:sip:100@c\r\ni:d\r\nCSeq:1 REGISTER\r\n\r\n',
    ),
  );

  it('is never over three times that of an unproven request: nothing is sent then', () => {
    expect(tiny.bytes.length * 3).toBeLessThan(270);
    expect(answerTo(makeEvent(tiny, 'tcp'), settings)?.status).toBe(401);
    expect(answerTo(makeEvent(tiny), settings)).toBeNull();
  });

  it('shrinks to the necessary headers when the whole answer is too long', () => {
    const message = makeRequest('REGISTER', '100', {
      Via: 'SIP/2.0/UDP a',
      From: '<sip:1@b>',
      To: '<sip:100@c>',
      'Max-Forwards': '',
      'Call-ID': 'abcdefgh',
    });
    const answer = answerTo(makeEvent(message), settings);
    const names = parseMessage(answer?.bytes ?? Buffer.alloc(0)).headerNames();
    expect(names).toContain('www-authenticate');
    expect(names).not.toContain('allow');
    expect(answer?.bytes.length).toBeLessThanOrEqual(message.bytes.length * 3);
  });
});
