import { describe, expect, it } from 'vitest';
import { ipv4, pcap, sip, sipAnswer, tcp, udp, type Stamped } from '../records/captures.js';
import { decodeAll, linesOf } from '../records/decode.js';

const PEER = '203.0.113.7:5070';
const HOST = '192.0.2.1:5060';
const frame = (bytes: Buffer, n = 0): Stamped => ({ atUs: 1_000_000 + n, bytes });
const file = (packets: readonly Buffer[]): Buffer => pcap(packets.map(frame));
const toHost = (payload: Buffer): Buffer => udp({ from: PEER, to: HOST, payload });
const toPeer = (payload: Buffer): Buffer => udp({ from: HOST, to: PEER, payload });
const leftOut = (input: Buffer, local: readonly string[] = []) =>
  Object.fromEntries(decodeAll(input, { local }).report.leftOut);
const proofs = (input: Buffer): readonly string[] =>
  decodeAll(input).messages.map(({ proof }) => proof);

const CHALLENGE = { 'WWW-Authenticate': 'Digest realm="pbx", nonce="n1"' };
const CREDENTIALS = {
  Authorization: 'Digest username="100", realm="pbx", nonce="n1", uri="sip:pbx", response="r"',
};

describe('what the host received', () => {
  it('is told from its answers by the requests before them', () => {
    const input = file([toHost(sip('OPTIONS')), toPeer(sipAnswer('200 OK'))]);
    expect(linesOf(decodeAll(input))).toHaveLength(1);
    expect(leftOut(input)).toEqual({ answers: 1 });
  });

  it('takes a response that nobody asked for', () => {
    expect(decodeAll(file([toHost(sipAnswer('200 OK'))])).messages).toHaveLength(1);
  });

  it('leaves out what comes from its own addresses when they are named', () => {
    const input = file([toPeer(sip('INVITE')), toHost(sip('OPTIONS'))]);
    expect(decodeAll(input).messages).toHaveLength(2);
    expect(leftOut(input, ['192.0.2.0/24'])).toEqual({ outgoing: 1 });
  });

  it('takes junk on a SIP port alone, and SIP on any port', () => {
    const junk = Buffer.from('\0\0junk');
    const other = udp({ from: PEER, to: '192.0.2.1:9999', payload: junk });
    const sipElsewhere = udp({ from: PEER, to: '192.0.2.1:9999', payload: sip('OPTIONS') });
    const input = file([toHost(junk), other, sipElsewhere]);
    expect(decodeAll(input).messages).toHaveLength(2);
    expect(leftOut(input)).toEqual({ not_sip: 1 });
  });
});

describe('proof in a capture', () => {
  it('UDP alone proves nothing, whatever credentials it brings', () => {
    expect(proofs(file([toHost(sip('REGISTER', CREDENTIALS))]))).toEqual(['none']);
  });

  it('a challenge that went out and comes back proves the address', () => {
    const packets = [
      toHost(sip('REGISTER')),
      toPeer(sipAnswer('401 Unauthorized', CHALLENGE)),
      toHost(sip('REGISTER', CREDENTIALS)),
    ];
    expect(proofs(file(packets))).toEqual(['none', 'nonce']);
  });

  it('not for another address than the one it went to', () => {
    const packets = [
      toHost(sip('REGISTER')),
      toPeer(sipAnswer('401 Unauthorized', CHALLENGE)),
      udp({ from: '203.0.113.8:5070', to: HOST, payload: sip('REGISTER', CREDENTIALS) }),
    ];
    expect(proofs(file(packets))).toEqual(['none', 'none']);
  });

  it('not when the challenge comes from the peer itself', () => {
    const packets = [
      toHost(sipAnswer('401 Unauthorized', CHALLENGE)),
      toHost(sip('REGISTER', CREDENTIALS)),
    ];
    expect(proofs(file(packets))).toEqual(['none', 'none']);
  });

  it('a tag of the host that comes back in an ACK proves the address', () => {
    const tagged = { To: '<sip:100@192.0.2.1>;tag=as1' };
    const packets = [
      toHost(sip('INVITE')),
      toPeer(sipAnswer('404 Not Found', tagged)),
      toHost(sip('ACK', tagged)),
      toHost(sip('ACK', { To: '<sip:100@192.0.2.1>;tag=as2' })),
    ];
    expect(proofs(file(packets))).toEqual(['none', 'dialog', 'none']);
  });
});

describe('a fragmented datagram', () => {
  const whole = toHost(sip('INVITE', { 'X-Long': 'x'.repeat(3_000) })).subarray(20);
  const piece = (offset: number, end: number, more: boolean): Buffer =>
    ipv4('203.0.113.7', '192.0.2.1', 17, whole.subarray(offset, end), { id: 7, offset, more });
  const first = piece(0, 1480, true);
  const second = piece(1480, 2960, true);
  const last = piece(2960, whole.length, false);

  it.each([
    ['in order', [first, second, last]],
    ['in reverse', [last, second, first]],
    ['with one that comes twice', [first, first, last, second]],
  ])('is put together: %s', (_name, packets) => {
    const { messages } = decodeAll(file(packets));
    expect(messages.map(({ packet }) => packet.bytes)).toEqual([whole.subarray(8)]);
  });

  it('with a part missing is left out, and counted', () => {
    expect(leftOut(file([first, last]))).toEqual({ lost_fragments: 2 });
  });

  it('is given up after 30 s', () => {
    const late = pcap([frame(first), frame(last, 31_000_000), frame(second, 31_000_001)]);
    expect(decodeAll(late).messages).toEqual([]);
    expect(leftOut(late)).toEqual({ lost_fragments: 3 });
  });
});

describe('a TCP stream', () => {
  const client = (payload: Buffer, seq: number, flags = 'PA', ack = 501): Buffer =>
    tcp({ from: PEER, to: HOST, payload }, { seq, ack, flags });
  const server = (seq: number, ack: number, flags: string): Buffer =>
    tcp({ from: HOST, to: PEER, payload: Buffer.alloc(0) }, { seq, ack, flags });
  const none = Buffer.alloc(0);
  const handshake = [client(none, 100, 'S', 0), server(500, 101, 'SA'), client(none, 101, 'A')];
  const text = sip('REGISTER', { 'Content-Length': '10' });
  const message = Buffer.concat([text, Buffer.from('0123456789')]);
  const cut = (from: number, to: number): Buffer => client(message.subarray(from, to), 101 + from);

  const check = (packets: readonly Buffer[], expected: readonly string[]): void => {
    const { messages } = decodeAll(file(packets));
    expect(messages.map(({ packet, proof }) => `${proof} ${packet.bytes.length}`)).toEqual(
      expected,
    );
  };
  const whole = `tcp ${message.length}`;
  const end = message.length;

  it.each<[string, readonly Buffer[], readonly string[]]>([
    ['in one segment', [cut(0, end)], [whole]],
    ['in three', [cut(0, 10), cut(10, 200), cut(200, end)], [whole]],
    ['out of order', [cut(200, end), cut(0, 10), cut(10, 200)], [whole]],
    ['overlapping', [cut(0, 100), cut(50, 200), cut(0, 210), cut(150, end)], [whole]],
    ['sent again', [cut(0, end), cut(0, end), cut(20, end)], [whole]],
    [
      'two messages in one segment',
      [client(Buffer.concat([message, message]), 101)],
      [whole, whole],
    ],
    ['unfinished when it is closed', [cut(0, 30), client(none, 131, 'FA')], ['tcp 30']],
    ['unfinished at the end of the capture', [cut(0, 30)], []],
  ])('%s', (_name, packets, expected) => {
    check([...handshake, ...packets], expected);
  });

  it('wraps around the largest sequence number', () => {
    const begin = 2 ** 32 - 20;
    const syn = tcp({ from: PEER, to: HOST, payload: none }, { seq: begin - 1, flags: 'S' });
    const rest = [0, 15, 40].map((from, index, all) =>
      client(message.subarray(from, all[index + 1] ?? end), begin + from),
    );
    check([syn, server(500, begin, 'SA'), ...rest], [whole]);
  });

  it('proves nothing when only one side of it is there', () => {
    check([client(none, 100, 'S', 0), cut(0, end)], [`none ${message.length}`]);
  });

  it('is proven by the word of the server, also without the handshake', () => {
    check([server(501, 101, 'A'), cut(0, end)], [whole]);
  });

  it('is not proven by a refusal', () => {
    check([server(501, 101, 'RA'), cut(0, end)], [`none ${message.length}`]);
  });

  it('begins with a message where the capture began in the middle', () => {
    const input = file([cut(50, end), client(message, 101 + end)]);
    expect(decodeAll(input).messages).toHaveLength(1);
    expect(leftOut(input)).toEqual({ lost_stream_bytes: 1 });
  });

  it('goes on with the next message behind a gap that never closes', () => {
    const far = Array.from({ length: 1_100 }, (_, n) => client(message, 101 + 1000 + n * end));
    const { messages, report } = decodeAll(file([...handshake, cut(0, 30), ...far]));
    expect(messages.map(({ packet }) => packet.bytes.length)).toEqual(far.map(() => end));
    expect(report.damage).toBeNull();
  });

  it('gives what stands behind a gap when the capture ends', () => {
    check([...handshake, cut(0, 30), client(message, 400)], [whole]);
  });

  it('keeps no more than the bound of segments that never come in order', () => {
    const bytes = Buffer.from('x');
    const far = Array.from({ length: 20_000 }, (_, n) => client(bytes, 60_000 - 2 * n));
    const { messages, report } = decodeAll(file([...handshake, ...far]));
    expect(messages).toEqual([]);
    expect([...report.leftOut]).toEqual([['lost_stream_bytes', expect.any(Number)]]);
  });

  it('that is encrypted is left out, and counted', () => {
    const hello = client(Buffer.from('160301020001000100', 'hex'), 101);
    expect(leftOut(file([...handshake, hello]))).toEqual({ encrypted: 1 });
  });

  it('of another service is left out', () => {
    const to = '192.0.2.1:80';
    const http = tcp({ from: PEER, to, payload: Buffer.from('GET /') }, { seq: 1, flags: 'PA' });
    expect(decodeAll(file([http])).messages).toEqual([]);
  });
});
