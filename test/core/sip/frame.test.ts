import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countKeepAlives, createFramer, flush, push } from '../../../src/core/sip/frame.js';

const LIMITS = { headBytesMax: 400, messageBytesMax: 600 };

const request = (callId: string, body = '', extra = ''): string =>
  `MESSAGE sip:1@example.org SIP/2.0\r\nCall-ID: ${callId}\r\n${extra}` +
  `Content-Length: ${body.length}\r\n\r\n${body}`;

function pushAll(chunks: readonly string[]): { messages: string[]; failure: string | null } {
  const framer = createFramer(LIMITS);
  // Read at the end only: a message that was given out must stay as it is.
  const messages: Buffer[] = [];
  let failure: string | null = null;
  for (const chunk of chunks) {
    const framed = push(framer, Buffer.from(chunk, 'latin1'));
    messages.push(...framed.messages);
    failure = framed.failure;
  }
  return { messages: messages.map((bytes) => bytes.toString('latin1')), failure };
}

describe('a stream of messages', () => {
  it('comes out whole and in order, however it is cut up', () => {
    const wanted = [request('a'), request('b', 'body\r\n\r\nGET / HTTP/1.0'), request('c', '\0')];
    const stream = wanted.join('\r\n\r\n');
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 30 }), (cuts) => {
        const points = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const chunks = points.slice(1).map((end, index) => stream.slice(points[index], end));
        expect(pushAll(chunks)).toEqual({ messages: wanted, failure: null });
      }),
    );
    expect(pushAll(Array.from(stream))).toEqual({ messages: wanted, failure: null });
  });

  it('takes line feeds alone, a compact length and no length without a body', () => {
    const lf = 'OPTIONS sip:a SIP/2.0\nl: 2\n\nab';
    const none = 'OPTIONS sip:a SIP/2.0\r\n\r\n';
    expect(pushAll([lf + none])).toEqual({ messages: [lf, none], failure: null });
  });

  it('counts keep-alives and gives none of them out', () => {
    const framer = createFramer(LIMITS);
    expect(push(framer, Buffer.from('\r\n\r\n\r\n')).messages).toEqual([]);
    expect(push(framer, Buffer.from('\r\n')).messages).toEqual([]);
    expect(countKeepAlives(framer)).toBe(2);
    expect(framer.used).toBe(0);
    expect(push(framer, Buffer.from(request('a'))).messages).toHaveLength(1);
  });
});

describe('a stream that cannot go on', () => {
  const check = (stream: string, failure: RegExp): void => {
    const framed = pushAll([request('good') + stream]);
    expect(framed.messages).toEqual([request('good'), stream]);
    expect(framed.failure).toMatch(failure);
  };
  it.each([
    ['GET / HTTP/1.0\r\n\r\n', /not SIP/],
    ['\x16\x03\x01\0\xc8', /not SIP/],
    [request('a', '', `X: ${'x'.repeat(400)}\r\n`), /headers exceed 400 bytes/],
    [`OPTIONS sip:a SIP/2.0\r\nX: ${'x'.repeat(400)}`, /headers exceed 400 bytes/],
    ['x'.repeat(401), /headers exceed 400 bytes/],
    ['OPTIONS sip:a SIP/2.0\r\nl: 600\r\n\r\nbody', /message exceeds 600 bytes/],
    ['OPTIONS sip:a SIP/2.0\r\nl: -1\r\n\r\nbody', /not a number/],
    ['OPTIONS sip:a SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\nbody', /twice/],
    ['OPTIONS sip:a SIP/2.0\r\nc: text/plain\r\n\r\nbody', /missing/],
  ] as const)('%j gives all that came, and a reason', (stream, failure) => {
    check(stream, failure);
  });

  it('takes nothing more', () => {
    const framer = createFramer(LIMITS);
    push(framer, Buffer.from('GET / HTTP/1.0\r\n'));
    expect(push(framer, Buffer.from(request('late'))).messages).toEqual([]);
    expect(flush(framer)).toBeNull();
  });
});

describe('the end of a stream', () => {
  it('gives out what is unfinished, once', () => {
    const framer = createFramer(LIMITS);
    push(framer, Buffer.from(`${request('a')}OPTIONS sip:b`));
    expect(flush(framer)?.toString()).toBe('OPTIONS sip:b');
    expect(flush(framer)).toBeNull();
  });
});
