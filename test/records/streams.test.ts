import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/common/limits.js';
import { pcap, sip, sipAnswer, tcp } from './captures.js';
import { decodeAll, type Decoded } from './decode.js';

const PEER = '203.0.113.7:40000';
const ANY = '192.0.2.1:15061';
const SIP_PORT = '192.0.2.1:5060';
const NONE = Buffer.alloc(0);

/** A connection whose two sides send in turns; sequence numbers are kept. */
function talk(server: string, turns: readonly (readonly ['>' | '<', Buffer])[]): Buffer[] {
  let client = 101;
  let host = 501;
  const send = (forward: boolean, payload: Buffer, seq: number, ack: number, flags: string) =>
    tcp(forward ? { from: PEER, to: server, payload } : { from: server, to: PEER, payload }, {
      seq,
      ack,
      flags,
    });
  const packets = [
    send(true, NONE, 100, 0, 'S'),
    send(false, NONE, 500, 101, 'SA'),
    send(true, NONE, 101, 501, 'A'),
  ];
  for (const [side, payload] of turns) {
    const forward = side === '>';
    packets.push(send(forward, payload, forward ? client : host, forward ? host : client, 'PA'));
    if (forward) client += payload.length;
    else host += payload.length;
  }
  return packets;
}

const decode = (packets: readonly Buffer[], local: readonly string[] = []): Decoded =>
  decodeAll(pcap(packets.map((bytes, n) => ({ atUs: 1_000_000 + n, bytes }))), { local });

const tell = ({ messages }: Decoded): readonly string[] =>
  messages.map(({ packet: { transport, source, bytes }, proof }) => {
    const [line = ''] = bytes.toString('latin1').split('\r\n');
    return `${transport} ${source.address} ${proof} ${line.split(' ')[0] ?? ''}`;
  });
const leftOut = ({ report }: Decoded) => Object.fromEntries(report.leftOut);

describe('SIP in a TCP stream', () => {
  const register = `tcp 203.0.113.7 tcp REGISTER`;

  it('is found on a port that nobody named', () => {
    expect(tell(decode(talk(ANY, [['>', sip('REGISTER')]])))).toEqual([register]);
  });

  it('is read of both sides', () => {
    const turns = [
      ['>', sip('REGISTER')],
      ['<', sipAnswer('200 OK')],
      ['<', sip('INVITE')],
      ['>', sipAnswer('486 Busy Here')],
    ] as const;
    const decoded = decode(talk(ANY, turns));
    expect(tell(decoded)).toEqual([register, 'tcp 192.0.2.1 tcp INVITE']);
    expect(leftOut(decoded)).toEqual({ answers: 2 });
    expect(tell(decode(talk(ANY, turns), ['192.0.2.1']))).toEqual([register]);
  });

  it('may come with the SYN', () => {
    const message = sip('REGISTER');
    const syn = tcp({ from: PEER, to: ANY, payload: message }, { seq: 100, flags: 'S' });
    const [, synAck, ack] = talk(ANY, []);
    if (synAck === undefined || ack === undefined) throw new Error();
    const next = tcp(
      { from: PEER, to: ANY, payload: sip('OPTIONS') },
      { seq: 101 + message.length, ack: 501, flags: 'PA' },
    );
    const decoded = decode([syn, synAck, ack, next]);
    expect(tell(decoded)).toEqual(['tcp 203.0.113.7 none REGISTER', 'tcp 203.0.113.7 tcp OPTIONS']);
  });

  it.each<[string, readonly Buffer[], readonly string[]]>([
    ['in one segment', [Buffer.concat([Buffer.from('junk\r\n'), sip('REGISTER')])], ['REGISTER']],
    ['in the next', [Buffer.from('junk\r\n\r\n'), sip('REGISTER')], ['REGISTER']],
    [
      'when its first line comes in pieces',
      [Buffer.from('junk\r\n'), sip('REGISTER').subarray(0, 12), sip('REGISTER').subarray(12)],
      ['REGISTER'],
    ],
    [
      'behind a bad length',
      [Buffer.concat([sip('INVITE', { 'Content-Length': 'x' }), sip('REGISTER')])],
      ['INVITE', 'REGISTER'],
    ],
    [
      'behind many bad lengths',
      [Buffer.concat(Array.from({ length: 9 }, () => sip('BYE', { 'Content-Length': 'x' })))],
      Array.from({ length: 9 }, () => 'BYE'),
    ],
  ])('is found again behind what is none: %s', (_name, chunks, methods) => {
    const decoded = decode(
      talk(
        ANY,
        chunks.map((chunk) => ['>', chunk] as const),
      ),
    );
    expect(tell(decoded).map((line) => line.split(' ')[3])).toEqual(methods);
  });

  it('leaves another service out, and says so', () => {
    const turns = [
      ['>', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
      ['<', Buffer.from('HTTP/1.1 200 OK\r\n\r\nhello')],
      ['>', Buffer.from([0, 1, 2, 3])],
    ] as const;
    const decoded = decode(talk(ANY, turns));
    expect(decoded.messages).toEqual([]);
    expect(leftOut(decoded)).toEqual({ not_sip: 3 });
  });

  it('takes an HTTP request on a SIP port, where all counts', () => {
    const decoded = decode(talk(SIP_PORT, [['>', Buffer.from('GET / HTTP/1.1\r\n\r\n')]]));
    // Any web page can make its visitor send it.
    expect(tell(decoded)).toEqual(['tcp 203.0.113.7 none GET']);
  });

  it('is unfinished where the capture cut a segment, and goes on behind it', () => {
    const packets = talk(ANY, [
      ['>', sip('REGISTER', { 'X-Long': 'x'.repeat(500) })],
      ['>', sip('OPTIONS')],
    ]);
    const cut = packets.map((packet, n) => (n === 3 ? packet.subarray(0, 300) : packet));
    const decoded = decode(cut);
    expect(tell(decoded)).toEqual(['tcp 203.0.113.7 tcp OPTIONS']);
    expect(leftOut(decoded)).toEqual({ cut_short: 1, unfinished: 1 });
  });

  it('gives up the oldest of too many connections, and of those that hold too much', () => {
    const begun = (n: number, bytes: Buffer): Buffer =>
      tcp(
        { from: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}:1`, to: ANY, payload: bytes },
        {
          seq: 1,
          flags: 'PA',
        },
      );
    const many = LIMITS.captureStreamsMax + 5;
    const half = sip('REGISTER').subarray(0, 100);
    const decoded = decode(Array.from({ length: many }, (_, n) => begun(n, half)));
    expect(leftOut(decoded)).toMatchObject({ evicted: 5 });
  });
});

describe('SIP over WebSocket', () => {
  const ask =
    'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
  const agree =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n';
  const handshake = [
    ['>', Buffer.from(ask)],
    ['<', Buffer.from(agree)],
  ] as const;
  const frame = (first: number, payload: Buffer, masked: boolean): Buffer => {
    const head = Buffer.from([first, (masked ? 0x80 : 0) | 126, 0, 0]);
    head.writeUInt16BE(payload.length, 2);
    const mask = Buffer.from([1, 2, 3, 4]);
    if (!masked) return Buffer.concat([head, payload]);
    const body = payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0));
    return Buffer.concat([head, mask, body]);
  };
  const FOUND = 'ws 203.0.113.7 tcp REGISTER';
  const half = sip('REGISTER').subarray(0, 50);
  const rest = sip('REGISTER').subarray(50);

  it.each<[string, readonly Buffer[], readonly string[]]>([
    ['text', [frame(0x81, sip('REGISTER'), true)], [FOUND]],
    ['binary', [frame(0x82, sip('REGISTER'), true)], [FOUND]],
    ['not masked', [frame(0x81, sip('REGISTER'), false)], [FOUND]],
    [
      'in several frames, with a ping between',
      [frame(0x01, half, true), Buffer.from('8980 01020304', 'hex'), frame(0x80, rest, true)],
      [FOUND],
    ],
    [
      'in several segments',
      [
        frame(0x81, sip('REGISTER'), true).subarray(0, 3),
        frame(0x81, sip('REGISTER'), true).subarray(3),
      ],
      [FOUND],
    ],
    [
      'two in a segment',
      [Buffer.concat([frame(0x81, sip('REGISTER'), true), frame(0x81, sip('REGISTER'), true)])],
      [FOUND, FOUND],
    ],
    [
      'plain behind a frame that is none',
      [Buffer.concat([Buffer.from('7777\r\n'), sip('REGISTER')])],
      ['tcp 203.0.113.7 tcp REGISTER'],
    ],
  ])('is read: %s', (_name, chunks, expected) => {
    const decoded = decode(
      talk(ANY, [...handshake, ...chunks.map((chunk) => ['>', chunk] as const)]),
    );
    expect(tell(decoded)).toEqual(expected);
    expect(leftOut(decoded)).toMatchObject({ web_socket_handshakes: 2 });
  });

  it('is read of the server too, which does not mask', () => {
    const turns = [...handshake, ['<', frame(0x81, sip('INVITE'), false)]] as const;
    expect(tell(decode(talk(ANY, turns)))).toEqual(['ws 192.0.2.1 tcp INVITE']);
  });

  it('proves nothing when a web page opened it, or sends it as the body of a form', () => {
    const origin = ask.replace('Host: x', 'Host: x\r\nOrigin: https://attacker.example');
    const message = frame(0x81, sip('REGISTER'), true);
    expect(
      tell(
        decode(
          talk(ANY, [
            ['>', Buffer.from(origin)],
            ['>', message],
          ]),
        ),
      ),
    ).toEqual(['ws 203.0.113.7 none REGISTER']);
    const form = Buffer.concat([
      Buffer.from('POST / HTTP/1.1\r\nHost: x\r\n\r\n'),
      sip('REGISTER'),
    ]);
    expect(tell(decode(talk(ANY, [['>', form]])))).toEqual(['tcp 203.0.113.7 none REGISTER']);
  });

  it('is counted where it is compressed', () => {
    const decoded = decode(talk(ANY, [...handshake, ['>', frame(0xc1, sip('REGISTER'), true)]]));
    expect(decoded.messages).toEqual([]);
    expect(leftOut(decoded)).toEqual({ web_socket_handshakes: 2, compressed: 1 });
  });

  it('is found when its handshake comes byte by byte', () => {
    const bytes = [...Buffer.from(ask)].map((byte) => ['>', Buffer.from([byte])] as const);
    const decoded = decode(talk(ANY, [...bytes, ['>', frame(0x81, sip('REGISTER'), true)]]));
    expect(tell(decoded)).toEqual([FOUND]);
  });
});
