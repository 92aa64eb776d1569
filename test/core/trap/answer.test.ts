import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrapEvent } from '../../../src/core/model/event.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import {
  answerRequest,
  createAnswerState,
  type Answered,
  type AnswerSettings,
} from '../../../src/core/trap/answer.js';
import { checkNonce, checkToTag, makeNonce } from '../../../src/core/trap/proof/nonce.js';
import { renderAnswer } from '../../../src/core/trap/render/render-answer.js';
import { digest, makeEvent, makeRequest, makeSettings, NOW_US, SECRET } from './message.js';

const settings = makeSettings();
const address = '192.0.2.1';

const answer = (event: TrapEvent, given: AnswerSettings = settings): Answered =>
  answerRequest(event, given, createAnswerState());

const textOf = ({ messages }: Answered): string => messages.at(-1)?.toString('latin1') ?? '';

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
    ['REFER', '100', 603],
    ['NOTIFY', '100', 489],
    ['BYE', '100', 481],
    ['CANCEL', '100', 481],
    ['INFO', '100', 481],
    ['UPDATE', '100', 481],
    ['PRACK', '100', 481],
    ['RE%47IST%45R', '100', 501],
    ['register', '100', 501],
    ['constructor', '100', 501],
  ] as const)('%s %s: %i', (method, user, status) => {
    expect(answer(makeEvent(makeRequest(method, user))).status).toBe(status);
  });

  it.each([
    ['400 when CSeq names another method', 'OPTIONS', { CSeq: '1 INVITE' }, 400],
    ['400 when CSeq is no number', 'OPTIONS', { CSeq: 'OPTIONS' }, 400],
    ['400 when CSeq is 2^31', 'OPTIONS', { CSeq: '2147483648 OPTIONS' }, 400],
    ['400 when the body is short', 'OPTIONS', { 'Content-Length': '9' }, 400],
    ['400 when its length is negative', 'OPTIONS', { 'Content-Length': '-9' }, 400],
    ['400 when To names nobody', 'OPTIONS', { To: '<>' }, 400],
    ['200 when From is a telephone number', 'OPTIONS', { From: '<tel:+1>;tag=1' }, 200],
    ['481 in a dialog that is none', 'INVITE', { To: '<sip:100@a>;tag=x' }, 481],
    ['483 at the end of the hops', 'INVITE', { 'Max-Forwards': '0' }, 483],
    ['200 to OPTIONS that arrived', 'OPTIONS', { 'Max-Forwards': '0' }, 200],
    ['420 when more is required than there is', 'INVITE', { Require: '100rel, x-new' }, 420],
    ['401 when what is required is there', 'INVITE', { Require: 'timer' }, 401],
    ['400 when a quote never ends', 'OPTIONS', { From: '"a <sip:100@a>;tag=1' }, 400],
    ['400 when separators stand alone', 'OPTIONS', { Contact: '<sip:100@a>;;x' }, 400],
    ['200 when a display name wants quotes', 'OPTIONS', { From: 'A, B <sip:100@a>;tag=1' }, 200],
    ['400 when To is no SIP address', 'REGISTER', { To: 'isbn:100' }, 400],
    ['400 when a Contact has open headers', 'REGISTER', { Contact: 'sip:100@a?Route=b' }, 400],
    ['401 to the Contact of a scanner', 'REGISTER', { Contact: 'None' }, 401],
    ['406 when no SDP is taken', 'INVITE', { Accept: 'text/plain, application/sdp-not' }, 406],
    ['401 when SDP is among what is taken', 'INVITE', { Accept: 'text/plain, application/*' }, 401],
  ] as const)('%s', (_, method, headers, status) => {
    expect(answer(makeEvent(makeRequest(method, '100', headers))).status).toBe(status);
  });

  it('names what is not supported', () => {
    const message = makeRequest('INVITE', '100', { Require: '100rel, x-new, y\r\n\t-z' });
    expect(textOf(answer(makeEvent(message)))).toContain('\r\nUnsupported: x-new, y -z\r\n');
  });

  it.each([
    ['OPTIONS sip:1@a SIP/3.0', 505],
    ['OPTIONS sip:1@a SIP/2.0 ', 200],
    ['OPTIONS sip:1@a', 400],
    ['OPTIONS sip:1@a SIP/2.0 \t ', 200],
    ['\r\n\r\nOPTIONS sip:1@a SIP/2.0', 200],
    ['\r\nOPTIONS sip:1@a SIP/3.0', 505],
    ['OPTIONS sip:1@a?To=x SIP/2.0', 400],
    ['OPTIONS sip:2001:db8::1 SIP/2.0', 400],
    ['OPTIONS nobodyKnows:1 SIP/2.0', 416],
    ['OPTIONS <sip:1@a> SIP/2.0', 400],
    ['OPTIONS sip:1 2@a SIP/2.0', 400],
    ['OPTIONS sip:;x SIP/2.0', 400],
  ] as const)('%s: %i', (line, status) => {
    const text = makeRequest('OPTIONS', '100').bytes.toString('latin1');
    const bytes = Buffer.from(text.replace(/^.*/, line), 'latin1');
    expect(answer(makeEvent(parseMessage(bytes))).status).toBe(status);
  });

  it.each([
    ['INVITE', 'text/plain', 415],
    ['INVITE', 'application/SDP', 401],
    ['MESSAGE', 'image/png', 415],
    ['MESSAGE', 'text/plain', 401],
  ] as const)('%s with %s: %i', (method, type, status) => {
    const headers = { 'Content-Type': type };
    const text = makeRequest(method, '100', headers).bytes.toString('latin1');
    const answered = answer(makeEvent(parseMessage(Buffer.from(`${text}body`, 'latin1'))));
    expect(answered.status).toBe(status);
  });

  it('is a challenge for a plausible user who dials a number', () => {
    const message = makeRequest('INVITE', '900442071234567', { From: '<sip:100@a>;tag=1' });
    expect(answer(makeEvent(message)).status).toBe(401);
  });

  it('is a challenge again when a password was tried', () => {
    const nonce = makeNonce(SECRET, address, NOW_US);
    const message = makeRequest('REGISTER', '100', { Authorization: digest(nonce) });
    const answered = answer(makeEvent(message));
    expect(answered.status).toBe(401);
    expect(textOf(answered)).toContain(
      `\r\nWWW-Authenticate: Digest algorithm=MD5, realm="asterisk", nonce="${nonce}"\r\n`,
    );
  });

  it('offers the algorithms of the settings in their order', () => {
    const given = makeSettings({ algorithms: ['SHA-256', 'MD5'] });
    const challenges = textOf(answer(makeEvent(makeRequest('REGISTER', '100'), 'tcp'), given));
    expect(challenges.match(/algorithm=[^,]+/g)).toEqual(['algorithm=SHA-256', 'algorithm=MD5']);
  });
});

describe('a request without a header', () => {
  const lineOf = (name: string): RegExp => new RegExp(`^${name}: `, 'm');
  it.each(['To', 'From', 'Call-ID', 'CSeq'])('%s gets 400, without it too', (name) => {
    const answered = answer(makeEvent(makeRequest('OPTIONS', '100', { [name]: '' })));
    expect(answered.status).toBe(400);
    expect(textOf(answered)).not.toMatch(lineOf(name));
    expect(textOf(answered)).toMatch(lineOf('Via'));
  });
});

describe('nothing is answered', () => {
  it.each([
    ['to a response', parseMessage(Buffer.from('SIP/2.0 200 OK\r\nVia: a\r\n\r\n'))],
    ['to an ACK', makeRequest('ACK', '100')],
    ['to what is no SIP', parseMessage(Buffer.from('GET / HTTP/1.0\r\n\r\n'))],
    ['to an empty datagram', parseMessage(Buffer.alloc(0))],
    ['without Via', makeRequest('OPTIONS', '100', { Via: '' })],
  ] as const)('%s', (_, message) => {
    const { messages, withheld, status } = answer(makeEvent(message));
    expect({ messages, withheld, status }).toEqual({ messages: [], withheld: null, status: null });
  });

  it('in passive mode, and that is told from what needs no answer', () => {
    const passive = makeSettings({ answering: 'passive' });
    expect(answer(makeEvent(makeRequest('OPTIONS', '100')), passive).withheld).toBe('passive');
    expect(answer(makeEvent(makeRequest('ACK', '100')), passive).withheld).toBeNull();
  });
});

describe('the text', () => {
  it('carries a tag and a nonce that prove the address which brings them back', () => {
    const text = textOf(answer(makeEvent(makeRequest('REGISTER', '100'))));
    const message = parseMessage(Buffer.from(text, 'latin1'));
    expect(message.anomalies).toEqual([]);
    expect(checkToTag(SECRET, address, 'call-1', message.toTag ?? '', NOW_US)).toBe(true);
    const nonce = /nonce="(.+?)"/.exec(text)?.[1] ?? '';
    expect(checkNonce(SECRET, address, nonce, NOW_US)).toBe(true);
  });

  const echoed = (name: string, sent: string): readonly string[] => {
    const event = makeEvent(makeRequest('OPTIONS', '100', { [name]: sent }));
    return parseMessage(Buffer.from(textOf(answer(event)), 'latin1')).headers(name.toLowerCase());
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

  it.each([
    ['the address that it came to', '198.51.100.1', 'sip:100@203.0.113.9', '198.51.100.1'],
    ['IPv6 as RFC 5118 wants it', '2001:db8::5', 'sip:100@a', '[2001:db8::5]'],
    [
      'what the sender used where the socket knows none',
      '0.0.0.0',
      'sip:1@203.0.113.9',
      '203.0.113.9',
    ],
    ['the same with IPv6', '::', 'sip:100@[2001:db8::9]:5060', '[2001:db8::9]'],
    ['the realm where the sender used a name', '0.0.0.0', 'sip:100@pbx.example', 'asterisk'],
  ] as const)('names as ours %s', (_, local, uri, host) => {
    const text = makeRequest('OPTIONS', '100').bytes.toString('latin1');
    const bytes = Buffer.from(text.replace(/^.*/, `OPTIONS ${uri} SIP/2.0`), 'latin1');
    const event = { ...makeEvent(parseMessage(bytes)), local: { address: local, port: 5060 } };
    expect(textOf(answer(event))).toContain(`\r\nContact: <sip:${host}:5060>\r\n`);
  });

  it.each([
    ['asterisk', 'tcp', ';transport=tcp'],
    ['freeswitch', 'wss', ';transport=wss'],
    ['freepbx', 'tls', ';transport=TLS'],
    ['cisco', 'udp', ''],
  ] as const)('names of %s over %s the transport: %s', (persona, transport, text) => {
    const event = makeEvent(makeRequest('INVITE', '100'), transport);
    const settings = makeSettings({ persona });
    const accepted = renderAnswer(event, settings, 'accepted', 200, Number.POSITIVE_INFINITY, 't');
    expect(accepted?.toString('latin1')).toContain(
      `\r\nContact: <sip:198.51.100.1:5060${text}>\r\n`,
    );
  });

  it('lets no packet text begin a line of its own', () => {
    const hostile = fc
      .array(fc.constantFrom(...Array.from('\r\n\0 \t;,"<>:a=')), { maxLength: 40 })
      .map((chars) => chars.join('').replace(/\n(?![ \t])/g, '\n '));
    const names = fc.constantFrom('Via', 'From', 'To', 'Call-ID', 'CSeq', 'Require');
    const personas = fc.constantFrom('asterisk', 'freepbx', 'freeswitch', 'cisco', 'phone');
    fc.assert(
      fc.property(names, hostile, personas, (name, value, persona) => {
        const message = makeRequest('REGISTER', '100', { [name]: `x${value}` });
        const text = textOf(answer(makeEvent(message, 'tcp'), makeSettings({ persona })));
        expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
        const known = /^(?:SIP\/2\.0 |[A-Z][A-Za-z-]+: |$)/;
        for (const line of text.split('\r\n')) expect(line).toMatch(known);
      }),
    );
  });
});

describe('the size', () => {
  const tiny = parseMessage(
    Buffer.from(
      'REGISTER sip:a SIP/2.0\r\nv:a\r\nf:<sip:b@b>\r\nt:<sip:100@c>\r\ni:d\r\nCSeq:1 REGISTER\r\n\r\n',
    ),
  );

  it('is never over three times that of an unproven request: nothing is sent then', () => {
    expect(tiny.bytes.length * 3).toBeLessThan(280);
    expect(answer(makeEvent(tiny, 'tcp')).status).toBe(401);
    expect(answer(makeEvent(tiny))).toMatchObject({ messages: [], withheld: 'amplification' });
  });

  it('shrinks to the necessary headers when the whole answer is too long', () => {
    const message = makeRequest('REGISTER', '100', {
      Via: 'SIP/2.0/UDP a',
      From: '<sip:1@b>',
      To: '<sip:100@c>',
      'Max-Forwards': '',
      'Call-ID': 'abcdefgh',
    });
    const { messages } = answer(makeEvent(message));
    const names = parseMessage(messages[0] ?? Buffer.alloc(0)).headerNames();
    expect(names).toContain('www-authenticate');
    expect(names).not.toContain('allow');
    expect(messages[0]?.length).toBeLessThanOrEqual(message.bytes.length * 3);
  });
});
