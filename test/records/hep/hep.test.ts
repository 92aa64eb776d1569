import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHepFramer, takeHepPackets } from '../../../src/records/hep/framing.js';
import { isHep, readHep } from '../../../src/records/hep/hep.js';
import { chunk, hep, hepChunks } from '../../sensors/hep-packets.js';

const SIP = 'OPTIONS sip:a@b SIP/2.0\r\n\r\n';
const FROM = { address: '203.0.113.7', port: 5070 };
const TO = { address: '192.0.2.1', port: 5060 };

describe('HEP version 3', () => {
  it.each([
    [17, 'udp'],
    [6, 'tcp'],
    [22, 'tls'],
    [50, 'ws'],
    [132, 'udp'],
  ] as const)('reads addresses, payload and protocol %d', (protocol, transport) => {
    expect(readHep(hep(SIP, { from: FROM, to: TO, protocol }))).toEqual({
      ...{ transport, source: FROM, destination: TO, bytes: Buffer.from(SIP), key: null },
    });
  });

  it('reads IPv6, a key, and a payload that was deflated', () => {
    const from = { address: '2001:db8::7', port: 1 };
    const to = { address: '2001:db8::1', port: 2 };
    const chunks = hepChunks('', { from, to, key: 'secret' }).filter(({ type }) => type !== 15);
    const packet = hep([...chunks, { type: 16, data: deflateSync(Buffer.from(SIP)) }]);
    const read = readHep(packet);
    expect(read).toMatchObject({ source: from, destination: to, key: 'secret' });
    expect(typeof read === 'string' ? read : read.bytes.toString()).toBe(SIP);
  });

  it('takes the first of chunks that come twice, and none of another vendor', () => {
    const chunks = hepChunks(SIP, { from: FROM, to: TO });
    const forged = { type: 3, data: Buffer.from([192, 0, 2, 66]) };
    const packet = hep([{ ...forged, vendor: 4 }, ...chunks, forged]);
    expect(readHep(packet)).toMatchObject({ source: FROM });
  });

  it.each([
    [
      'a payload that inflates beyond what a message may have',
      16,
      deflateSync(Buffer.alloc(70_000)),
    ],
    ['a payload that is not deflated', 16, Buffer.from('xx')],
  ])('calls %s damaged', (_, type, data) => {
    const chunks = hepChunks('', { from: FROM, to: TO }).filter((each) => each.type !== 15);
    expect(readHep(hep([...chunks, { type, data }]))).toBe('damaged');
  });

  it('is no SIP when it says so', () => {
    const chunks = hepChunks('{}', { from: FROM, to: TO });
    const rtcp = chunks.map((each) => (each.type === 11 ? chunk(11, 5, 1) : each));
    expect(readHep(hep(rtcp))).toBe('not_sip');
  });

  it('is damaged without an address, a port or a payload, with a length that lies, or cut', () => {
    const chunks = hepChunks(SIP, { from: FROM, to: TO });
    for (const type of [3, 4, 7, 8, 11, 15]) {
      expect(readHep(hep(chunks.filter((each) => each.type !== type)))).toBe('damaged');
    }
    const whole = hep(chunks);
    for (let length = 0; length < whole.length; length += 1) {
      expect(readHep(whole.subarray(0, length))).toBe('damaged');
    }
    for (let at = 4; at < whole.length; at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = 255;
      expect(() => readHep(bytes)).not.toThrow();
    }
  });
});

describe('HEP versions 1 and 2', () => {
  const old = (version: number, { counted = true } = {}): Buffer => {
    const time = version === 2 ? Buffer.alloc(12) : Buffer.alloc(0);
    const length = 16 + (counted ? time.length : 0);
    const head = Buffer.from([version, length, 2, 17, 0x13, 0xce, 0x13, 0xc4]);
    const addresses = Buffer.from([203, 0, 113, 7, 192, 0, 2, 1]);
    return Buffer.concat([head, addresses, time, Buffer.from(SIP)]);
  };

  it.each([
    ['1', old(1)],
    ['2', old(2)],
    ['2, its time not counted', old(2, { counted: false })],
  ])('version %s', (_, bytes) => {
    expect(isHep(bytes)).toBe(true);
    expect(readHep(bytes)).toMatchObject({
      ...{ transport: 'udp', source: { ...FROM, port: 5070 }, destination: TO },
      bytes: Buffer.from(SIP),
    });
  });
});

describe('any bytes', () => {
  it('never make the reader fail', () => {
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((rest) => Buffer.concat([Buffer.from('HEP3'), rest])),
    );
    fc.assert(
      fc.property(some, (bytes) => {
        const read = readHep(Buffer.from(bytes));
        if (typeof read === 'string') expect(['damaged', 'not_sip']).toContain(read);
      }),
    );
  });

  it('come out of a stream as they went in, whatever the pieces', () => {
    const packets = [SIP, '', 'x'.repeat(3_000)].map((text) => hep(text, { from: FROM, to: TO }));
    const all = Buffer.concat(packets);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (sizes) => {
        const framer = createHepFramer();
        const found: Buffer[] = [];
        for (let at = 0, n = 0; at < all.length; n += 1) {
          const size = sizes[n % sizes.length] ?? 1;
          found.push(...takeHepPackets(framer, all.subarray(at, at + size)));
          at += size;
        }
        expect(Buffer.concat(found).equals(all)).toBe(true);
        expect(found).toHaveLength(packets.length);
      }),
    );
  });

  it('that are no HEP end the stream', () => {
    const framer = createHepFramer();
    expect(takeHepPackets(framer, Buffer.from('GET / HTTP/1.1\r\n'))).toEqual([]);
    expect(framer.lost).toBe(true);
    expect(takeHepPackets(framer, hep(SIP, { from: FROM, to: TO }))).toEqual([]);
  });
});
