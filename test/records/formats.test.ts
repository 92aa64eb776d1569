import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINKS, pcap, pcapng, sip, udp } from './captures.js';
import { decodeAll, linesOf } from './decode.js';

const START_US = 1_767_225_600_123_456;
const FROM = '203.0.113.7:5070';
const TO = '192.0.2.1:5060';
const FROM6 = '[2001:db8:0:0:0:0:0:7]:5070';
const TO6 = '[2001:db8:0:0:0:0:0:1]:5060';
const OPTIONS = udp({ from: FROM, to: TO, payload: sip('OPTIONS') });
const OPTIONS6 = udp({ from: FROM6, to: TO6, payload: sip('OPTIONS') });
const LINE = `${START_US} udp 203.0.113.7 5070 192.0.2.1 5060 none OPTIONS sip:192.0.2.1 SIP/2.0`;
const LINE6 = `${START_US} udp 2001:db8::7 5070 2001:db8::1 5060 none OPTIONS sip:192.0.2.1 SIP/2.0`;

describe('a capture file', () => {
  const one = [{ atUs: START_US, bytes: OPTIONS }];
  const cases: [string, Buffer][] = [
    ['pcap, little endian, microseconds', pcap(one)],
    ['pcap, big endian, microseconds', pcap(one, { little: false })],
    ['pcap, little endian, nanoseconds', pcap(one, { nanoseconds: true })],
    ['pcap, big endian, nanoseconds', pcap(one, { little: false, nanoseconds: true })],
    ['pcapng, little endian', pcapng(one)],
    ['pcapng, big endian', pcapng(one, { little: false })],
    ['pcapng, nanoseconds', pcapng(one, { resolution: 9 })],
    [
      'pcapng, two sections of different byte order',
      Buffer.concat([pcapng([]), pcapng(one, { little: false })]),
    ],
  ];
  it.each(cases)('%s', (_name, file) => {
    const decoded = decodeAll(file);
    expect(linesOf(decoded)).toEqual([LINE]);
    expect(decoded.report).toMatchObject({ records: 1, messages: 1, damage: null });
  });

  it.each(cases)('%s, byte by byte', (_name, file) => {
    expect(linesOf(decodeAll(file, { pieceBytes: 1 }))).toEqual([LINE]);
  });

  it('pcapng with times in powers of two is exact to its resolution', () => {
    const atUs = 1_767_225_600_500_000;
    const [message] = decodeAll(
      pcapng([{ atUs, bytes: OPTIONS }], { resolution: 0x80 | 20 }),
    ).messages;
    expect(message?.packet.receivedAtUs).toBe(atUs);
  });

  it('pcapng says which frames the host sent', () => {
    const out = decodeAll(pcapng(one, { flags: 2 }));
    expect(out.messages).toEqual([]);
    expect([...out.report.leftOut]).toEqual([['outgoing', 1]]);
    expect(linesOf(decodeAll(pcapng(one, { flags: 1 })))).toEqual([LINE]);
  });
});

describe('a link type', () => {
  it.each(LINKS)('%s', (_name, linkType, frame) => {
    const frames = [OPTIONS, OPTIONS6].map((packet) => ({ atUs: START_US, bytes: frame(packet) }));
    expect(linesOf(decodeAll(pcap(frames, { linkType })))).toEqual([LINE, LINE6]);
  });

  it('that is not known leaves the frame out, and says so', () => {
    const { messages, report } = decodeAll(pcap([{ atUs: 1, bytes: OPTIONS }], { linkType: 127 }));
    expect(messages).toEqual([]);
    expect([...report.leftOut]).toEqual([['not_udp_or_tcp', 1]]);
  });
});

describe('a damaged file', () => {
  const two = [0, 1].map((n) => ({ atUs: START_US + n, bytes: OPTIONS }));
  const check = (input: Buffer, messages: number, damage: RegExp): void => {
    const decoded = decodeAll(input);
    expect(decoded.messages).toHaveLength(messages);
    expect(decoded.report.damage).toMatch(damage);
  };

  it.each([
    ['pcap', pcap(two)],
    ['pcapng', pcapng(two)],
  ])('%s that was cut off gives what it holds', (_name, file) => {
    check(file.subarray(0, -5), 1, /^byte \d+: it ends in the middle of a record$/);
  });

  it('a pcap with a frame of impossible length', () => {
    const file = pcap(two);
    file.writeUInt32LE(0x7fffffff, 24 + 16 + OPTIONS.length + 8);
    check(file, 1, /^byte \d+: a frame of 2147483647 bytes/);
  });

  it('a pcapng with a block of impossible length', () => {
    const file = Buffer.concat([pcapng(two), Buffer.from('0600000007000000aaaaaaaa', 'hex')]);
    check(file, 2, /^byte \d+: a block of 7 bytes/);
  });

  it('an empty file', () => {
    check(Buffer.alloc(0), 0, /^it is empty$/);
  });

  it('a file of another kind', () => {
    check(Buffer.from('PNG or whatever\n'), 0, /^it is no capture/);
  });

  it('never throws, whatever the bytes, and however they are cut', () => {
    const file = pcapng(two, { resolution: 9, flags: 1 });
    const mutation = fc.record({ at: fc.nat(file.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 8 }), fc.boolean(), (mutations, classic) => {
        const bytes = Buffer.from(classic ? pcap(two, { linkType: 1 }) : file);
        for (const { at, value } of mutations) if (at < bytes.length) bytes[at] = value;
        const whole = decodeAll(bytes);
        const pieces = decodeAll(bytes, { pieceBytes: 7 });
        expect(linesOf(pieces)).toEqual(linesOf(whole));
        expect(whole.messages.length).toBeLessThanOrEqual(2);
      }),
    );
  });
});
