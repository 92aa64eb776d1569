import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/common/limits.js';
import { ip, ipv4, pcap, sip, udp } from './captures.js';
import { decodeAll, linesOf } from './decode.js';

const AT_US = 1_767_225_600_000_000;
const OPTIONS = udp({ from: '203.0.113.7:5070', to: '192.0.2.1:5062', payload: sip('OPTIONS') });
const LINE = `${AT_US} udp 203.0.113.7 5070 192.0.2.1 5062 none OPTIONS sip:192.0.2.1 SIP/2.0`;

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const join = (...parts: readonly (Buffer | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? hex(part) : part)));

const ethernet = (type: string, body: Buffer): Buffer => join('00'.repeat(12), type, body);
const FRAME = ethernet('0800', OPTIONS);
/** Between the two ends of a tunnel. */
const outer = (protocol: number, body: Buffer): Buffer =>
  ip('10.0.0.1', '10.0.0.2', protocol, body);
const inUdp = (port: number, payload: Buffer): Buffer =>
  udp({ from: '10.0.0.1:40000', to: `10.0.0.2:${port}`, payload });

const decode = (bytes: Buffer, linkType: number) =>
  decodeAll(pcap([{ atUs: AT_US, bytes }], { linkType }));

describe('the packet within', () => {
  const RAW = 101;
  const cases: readonly (readonly [string, number, Buffer])[] = [
    ['LLC/SNAP', 1, ethernet('0100', join('aaaa03 000000 0800', OPTIONS))],
    ['MPLS, two labels', 1, ethernet('8847', join('00010040 00011140', OPTIONS))],
    ['MPLS, a pseudowire', 1, ethernet('8847', join('00010140 00000000', FRAME))],
    ['MPLS of its own', 219, join('00011140', OPTIONS)],
    ['PPP', 9, join('ff03 0021', OPTIONS)],
    ['PPP, its protocol in one byte', 9, join('21', OPTIONS)],
    ['PPPoE of its own', 51, join('110000010000 0021', OPTIONS)],
    ['Cisco HDLC', 104, join('0f00 0800', OPTIONS)],
    ['NFLOG', 239, join('02000000 08000100 08000201', nflog(OPTIONS))],
    ['IP in IP', RAW, outer(4, OPTIONS)],
    ['EtherIP', RAW, outer(97, join('3000', FRAME))],
    ['MPLS in IP', RAW, outer(137, join('00011140', OPTIONS))],
    ['GRE', RAW, outer(47, join('0000 0800', OPTIONS))],
    ['GRE with checksum, key and number', RAW, gre('b000', '00'.repeat(12), '0800', OPTIONS)],
    ['GRE with Ethernet', RAW, gre('0000', '', '6558', FRAME)],
    ['PPTP', RAW, gre('3081', '00000000 00000000 00000000', '880b', join('ff030021', OPTIONS))],
    ['ERSPAN I', RAW, gre('0000', '', '88be', FRAME)],
    ['ERSPAN II', RAW, gre('1000', '00000001', '88be', join('00'.repeat(8), FRAME))],
    ['ERSPAN III', RAW, gre('1000', '00000001', '22eb', join('00'.repeat(12), FRAME))],
    ['VXLAN', RAW, inUdp(4_789, join('0800000000000500', FRAME))],
    ['VXLAN on the port of old', RAW, inUdp(8_472, join('0800000000000500', FRAME))],
    ['VXLAN-GPE', RAW, inUdp(4_790, join('0c00000100000500', OPTIONS))],
    ['Geneve with an option', RAW, inUdp(6_081, join('01006558 00000500 00000000', FRAME))],
    ['GTP-U', RAW, inUdp(2_152, join('30ff0000 00000001', OPTIONS))],
    [
      'GTP-U with an extension',
      RAW,
      inUdp(2_152, join('34ff0000 00000001 00000085 01 0000 00', OPTIONS)),
    ],
    ['L2TP', RAW, inUdp(1_701, join('4002 0000 00010002 ff030021', OPTIONS))],
    ['GRE in UDP', RAW, inUdp(4_754, join('00000800', OPTIONS))],
    ['MPLS in UDP', RAW, inUdp(6_635, join('00011140', OPTIONS))],
    ['TZSP', RAW, inUdp(37_008, join('01000001 0a0102 01', FRAME))],
    ['an authentication header', RAW, ipv4('203.0.113.7', '192.0.2.1', 51, authenticated())],
    ['a tunnel in a tunnel', RAW, outer(4, outer(47, join('00006558', FRAME)))],
  ];

  it.each(cases)('%s', (_name, linkType, frame) => {
    const decoded = decode(frame, linkType);
    expect(linesOf(decoded)).toEqual([LINE]);
    expect([...decoded.report.leftOut]).toEqual([]);
  });

  it.each(cases)('%s: cut off anywhere gives nothing wrong', (_name, linkType, frame) => {
    for (let length = 0; length < frame.length; length += 1) {
      const { messages, report } = decode(frame.subarray(0, length), linkType);
      expect(messages).toEqual([]);
      expect([...report.leftOut.values()]).toEqual([1]);
    }
  });
});

describe('what is not read', () => {
  it.each<[string, number, Buffer]>([
    ['SCTP', 101, outer(132, Buffer.alloc(20))],
    ['ICMP', 101, outer(1, Buffer.alloc(8))],
    ['ESP (IPsec)', 101, outer(50, Buffer.alloc(20))],
    ['ESP (IPsec)', 101, inUdp(4_500, Buffer.alloc(20))],
    ['IP protocol 253', 101, outer(253, Buffer.alloc(8))],
    ['ARP', 1, ethernet('0806', Buffer.alloc(28))],
    ['EtherType 0xabcd', 1, ethernet('abcd', Buffer.alloc(28))],
    ['spanning tree', 1, ethernet('0026', join('424203', Buffer.alloc(35)))],
    ['GTP-U control', 101, inUdp(2_152, join('30010000 00000001'))],
    ['Wi-Fi (802.11)', 127, OPTIONS],
    ['link type 299', 299, OPTIONS],
    ['nested too deep', 101, nested(LIMITS.captureLayersMax + 1)],
    ['nested too deep', 1, ethernet('8100', join('00018100'.repeat(2_000)))],
  ])('is counted by name: %s', (name, linkType, frame) => {
    const { messages, report } = decode(frame, linkType);
    expect(messages).toEqual([]);
    expect([...report.foreign]).toEqual([[name, 1]]);
    expect([...report.leftOut]).toEqual([['not_udp_or_tcp', 1]]);
  });

  it('has no more names than are told apart', () => {
    const frames = Array.from({ length: 300 }, (_, n) => ({
      atUs: AT_US,
      bytes: ethernet((0x7000 + n).toString(16), Buffer.alloc(28)),
    }));
    const { foreign } = decodeAll(pcap(frames, { linkType: 1 })).report;
    expect(foreign.size).toBe(LIMITS.captureNamesMax + 1);
    expect(foreign.get('others')).toBe(300 - LIMITS.captureNamesMax);
  });
});

describe('SIP on the port of a tunnel', () => {
  it.each([1_701, 2_152, 4_500, 4_754, 4_789, 6_081, 6_635, 37_008])('is SIP: %i', (port) => {
    const payload = sip('PRACK');
    const input = pcap([{ atUs: AT_US, bytes: inUdp(port, payload) }]);
    expect(decodeAll(input).messages.map(({ packet }) => packet.bytes)).toEqual([payload]);
  });
});

describe('HEP', () => {
  const chunk = (type: number, value: Buffer): Buffer => {
    const head = Buffer.alloc(6);
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(6 + value.length, 4);
    return Buffer.concat([head, value]);
  };
  const hep = (kind: string, addresses: readonly Buffer[]): Buffer => {
    const chunks = [chunk(2, hex('11')), chunk(7, hex('13ce')), chunk(8, hex('13c6'))];
    const body = join(...chunks, ...addresses, chunk(11, hex(kind)), chunk(15, sip('OPTIONS')));
    const head = Buffer.from('HEP3\0\0');
    head.writeUInt16BE(6 + body.length, 4);
    return inUdp(9_060, join(head, body));
  };
  const ipv4s = [chunk(3, hex('cb007107')), chunk(4, hex('c0000201'))];
  const ipv6s = [7, 1].map((last, n) => chunk(5 + n, hex(`20010db8${'00'.repeat(11)}0${last}`)));

  it.each([
    ['IPv4', ipv4s, LINE],
    ['IPv6', ipv6s, LINE.replace('203.0.113.7', '2001:db8::7').replace('192.0.2.1', '2001:db8::1')],
  ])('is read, and proves nothing: %s', (_name, addresses, line) => {
    expect(linesOf(decode(hep('01', addresses), 101))).toEqual([line]);
  });

  it.each([
    ['RTCP', hep('05', ipv4s)],
    ['no address', hep('01', [])],
  ])('is counted when it tells of something else: %s', (_name, frame) => {
    const { messages, report } = decode(frame, 101);
    expect([messages, [...report.leftOut]]).toEqual([[], [['hep', 1]]]);
  });
});

function gre(flags: string, fields: string, type: string, body: Buffer): Buffer {
  return outer(47, join(flags, type, fields, body));
}

function nflog(packet: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(4 + packet.length, 0);
  head.writeUInt16LE(9, 2);
  return Buffer.concat([head, packet]);
}

/** 24 bytes of header that name UDP, then the datagram. */
function authenticated(): Buffer {
  return join('11040000', '00'.repeat(20), OPTIONS.subarray(20));
}

function nested(times: number): Buffer {
  return Array.from({ length: times }).reduce<Buffer>((body) => outer(4, body), OPTIONS);
}
