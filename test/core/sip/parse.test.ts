import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { readFixture as fixture } from './fixture.js';

describe('a whole message', () => {
  it('reads folded, compact and blank-padded headers', () => {
    const message = parseMessage(fixture('folded-compact'));
    expect(message).toMatchObject({
      kind: 'request',
      method: 'INVITE',
      requestUri: 'sip:1000@pbx.example.org',
      requestUser: '1000',
      viaBranch: 'z9hG4bKfold1',
      fromUser: '2000',
      fromHost: 'example.net',
      fromTag: 'fold-tag',
      toUser: '1000',
      toTag: null,
      callId: 'folded@192.0.2.7',
      cseqNumber: 7,
      cseqMethod: 'INVITE',
      contact: '<sip:2000@192.0.2.7:5062>',
      anomalies: [],
    });
    expect(message.header('from')).toBe(
      '"A \\"quoted\\" name" <sip:2000@example.net> ; tag = fold-tag',
    );
    expect(message.header('subject')).toBe('');
    expect(message.headerNames()).toEqual([
      'via',
      'from',
      'to',
      'call-id',
      'cseq',
      'contact',
      'subject',
      'content-length',
    ]);
  });

  it('takes line feeds alone and IPv6 literals', () => {
    expect(parseMessage(fixture('line-feeds'))).toMatchObject({
      method: 'OPTIONS',
      requestUser: '100',
      fromHost: '2001:db8::9',
      toHost: '2001:db8::1',
      userAgent: 'Example Phone 1.0',
      anomalies: [],
    });
  });

  it('finds a binary body and leaves it as it is', () => {
    const bytes = fixture('binary-body');
    const message = parseMessage(bytes);
    expect(message.anomalies).toEqual([]);
    expect(message.contentType).toBe('multipart/mixed;boundary=b');
    expect(bytes.subarray(message.bodyOffset).toString('latin1')).toMatch(/^--b\r\n.*--b--\r\n$/s);
  });

  it('reads the first Digest credentials, quotes and commas undone', () => {
    const message = parseMessage(fixture('digest'));
    expect(message.authorization).toEqual({
      username: '10"3',
      realm: 'a, b',
      nonce: 'abc',
      uri: 'sip:example.org',
      response: '0123456789abcdef0123456789abcdef',
      algorithm: 'MD5',
      qop: 'auth',
      cnonce: 'xyz',
      nc: '00000001',
    });
    expect(message.headers('authorization')).toHaveLength(2);
  });

  it('reads a response and takes its method from CSeq', () => {
    expect(parseMessage(fixture('response'))).toMatchObject({
      kind: 'response',
      statusCode: 486,
      method: 'INVITE',
      requestUri: null,
      requestUser: null,
      toTag: 'b',
      anomalies: [],
    });
  });

  it('skips line ends before the start line', () => {
    const message = parseMessage(Buffer.concat([Buffer.from('\r\n\r\n'), fixture('response')]));
    expect(message.statusCode).toBe(486);
  });

  it('keeps bytes above ASCII at the ends of a value', () => {
    const bytes = Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nSubject: \xe0\xa0 \r\n\r\n', 'latin1');
    expect(parseMessage(bytes).header('subject')).toBe('\xe0\xa0');
  });
});

describe('what is no SIP', () => {
  const check = (name: string, bytes: Buffer | string): void => {
    const message = parseMessage(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    expect(message.kind).toBe('other');
    expect(message.method).toBeNull();
    expect(message.anomalies).toEqual([name]);
    expect(message.bodyOffset).toBe(message.bytes.length);
    expect(message.headerNames()).toEqual([]);
    expect(message.header('via')).toBeNull();
  };
  it.each([
    ['empty', ''],
    ['keep-alive', '\r\n\r\n'],
    ['keep-alive', '\0\0\0\0'],
    ['http', 'GET / HTTP/1.0\r\n\r\n'],
    ['http', 'HTTP/1.1 200 OK\r\nVia: x\r\n\r\n'],
    ['tls-hello', Buffer.from('16030100c8010000c40303', 'hex')],
    ['stun', Buffer.from('000100002112a442' + '00'.repeat(12), 'hex')],
    ['stun', Buffer.from('00010000' + '11'.repeat(16), 'hex')],
    ['rtp', Buffer.from('8000' + '22'.repeat(10), 'hex')],
    ['rtp', Buffer.from('80c80006deadbeef', 'hex')],
    ['not-sip', 'hello world\r\n'],
    ['not-sip', 'OPTIONS / RTSP/1.0\r\n\r\n'],
    ['not-sip', '\0'.repeat(64)],
    ['not-sip', 'INVITE'],
  ] as const)('is named %s', (name, bytes) => {
    check(name, bytes);
  });
});
