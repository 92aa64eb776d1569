import { describe, expect, it } from 'vitest';
import { pcap, sip, sipAnswer, tcp, udp } from './captures.js';
import { decodeAll } from './decode.js';

const HOST = '192.0.2.1:5060';
const FAR = '198.51.100.7:5060';
/** Where the far end's own Contact leads: another address than the one that was asked. */
const MEDIA_GATEWAY = '198.51.100.9:5080';

const out = (payload: Buffer): Buffer => udp({ from: HOST, to: FAR, payload });
const back = (payload: Buffer, from = FAR): Buffer => udp({ from, to: HOST, payload });

const OWN = '<sip:2001@192.0.2.1>;tag=own';
const THEIRS = '<sip:1@198.51.100.7>;tag=far';
/** A request of the host, an answer to it, and a request from the far end in that dialog. */
const asked = (method: string) => out(sip(method, { From: OWN, To: '<sip:1@198.51.100.7>' }));
const answer = (status: string, tag = 'far') =>
  sipAnswer(status, { From: OWN, To: `<sip:1@198.51.100.7>;tag=${tag}` });
const within = (method: string) => sip(method, { From: THEIRS, To: OWN });

const decode = (packets: readonly Buffer[], local = ['192.0.2.1']) => {
  const file = pcap(packets.map((bytes, n) => ({ atUs: 1_000_000 + n, bytes })));
  const { messages, report } = decodeAll(file, { local });
  return {
    received: messages.map(({ packet, proof }) => {
      const [line = ''] = packet.bytes.toString('latin1').split('\r\n');
      return `${proof} ${line}`;
    }),
    leftOut: Object.fromEntries(report.leftOut),
  };
};

describe("what the host's own requests bring back", () => {
  it.each<[string, readonly Buffer[], number]>([
    [
      'a registration',
      [asked('REGISTER'), back(answer('401 Unauthorized')), back(answer('200 OK'))],
      2,
    ],
    ['a keep-alive', [asked('OPTIONS'), back(answer('200 OK'))], 1],
    [
      'early media',
      [asked('INVITE'), back(answer('183 Session Progress')), back(answer('200 OK'))],
      2,
    ],
    [
      'a fork',
      [asked('INVITE'), back(answer('180 Ringing', 'a')), back(answer('180 Ringing', 'b'))],
      2,
    ],
    ['its end by the far end', [asked('INVITE'), back(answer('200 OK')), back(within('BYE'))], 2],
    ['a re-INVITE', [asked('INVITE'), back(within('INVITE'))], 1],
    ['an UPDATE', [asked('INVITE'), back(within('UPDATE'))], 1],
    ['a REFER', [asked('INVITE'), back(within('REFER'))], 1],
    ['a NOTIFY of a REFER', [asked('REFER'), back(within('NOTIFY'))], 1],
    [
      'a NOTIFY before the answer',
      [asked('SUBSCRIBE'), back(within('NOTIFY')), back(answer('200 OK'))],
      2,
    ],
    [
      'a CANCEL',
      [asked('INVITE'), asked('CANCEL'), back(answer('200 OK')), back(answer('487 Gone'))],
      2,
    ],
    ['from another address', [asked('INVITE'), back(within('BYE'), MEDIA_GATEWAY)], 1],
  ])('is no message of a stranger: %s', (_name, packets, count) => {
    const { received, leftOut } = decode(packets);
    expect(received).toEqual([]);
    expect(leftOut['own_requests']).toBe(count);
  });

  it.each<[string, readonly Buffer[], string]>([
    [
      'an answer to another call',
      [asked('INVITE'), back(sipAnswer('200 OK', { From: OWN, 'Call-ID': 'x' }))],
      'none SIP/2.0 200 OK',
    ],
    [
      'an answer with another tag',
      [asked('INVITE'), back(sipAnswer('200 OK'))],
      'none SIP/2.0 200 OK',
    ],
    [
      'a BYE with another tag',
      [asked('INVITE'), back(sip('BYE', { To: THEIRS }))],
      'none BYE sip:192.0.2.1 SIP/2.0',
    ],
    [
      'a call with the same Call-ID',
      [asked('INVITE'), back(sip('INVITE'))],
      'none INVITE sip:192.0.2.1 SIP/2.0',
    ],
    [
      'a BYE before there was a call',
      [back(within('BYE')), asked('INVITE')],
      'none BYE sip:192.0.2.1 SIP/2.0',
    ],
  ])('but this is: %s', (_name, packets, expected) => {
    expect(decode(packets).received).toEqual([expected]);
  });

  it('holds over TCP, on whoever began the connection', () => {
    const send = (from: string, to: string, payload: Buffer, seq: number) =>
      tcp({ from, to, payload }, { seq, ack: 1, flags: 'PA' });
    const request = sip('INVITE', { From: OWN });
    const { received, leftOut } = decode([
      send(HOST, '198.51.100.7:40000', request, 1),
      send('198.51.100.7:40000', HOST, Buffer.concat([answer('200 OK'), within('BYE')]), 1),
    ]);
    expect(received).toEqual([]);
    expect(leftOut).toEqual({ outgoing: 1, own_requests: 2 });
  });

  it('proves the far end in a dialog that it began, by the tag that went there', () => {
    const tagged = { To: '<sip:100@192.0.2.1>;tag=host' };
    const { received } = decode([
      back(sip('INVITE')),
      out(sipAnswer('200 OK', tagged)),
      back(sip('UPDATE', tagged)),
      back(sip('UPDATE', tagged), MEDIA_GATEWAY),
    ]);
    expect(received.map((line) => line.split(' ')[0])).toEqual(['none', 'dialog', 'none']);
  });
});
