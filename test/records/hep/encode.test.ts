import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../../../src/core/common/address.js';
import { encodeHep, type HepContent } from '../../../src/records/hep/encode.js';
import { readHep } from '../../../src/records/hep/hep.js';
import { hep, hepChunks } from '../../sensors/hep-packets.js';

const AGENT = { id: 1234, name: '', key: '' };
const SIP = 'OPTIONS sip:a@b SIP/2.0\r\n\r\n';
const CONTENT: HepContent = {
  transport: 'udp',
  source: { address: '203.0.113.7', port: 5070 },
  destination: { address: '192.0.2.1', port: 5060 },
  atUs: 1_800_000_000_000_000,
  bytes: Buffer.from(SIP),
};

describe('a message as HEP', () => {
  it('is what other agents write of it, byte for byte', () => {
    const { source: from, destination: to } = CONTENT;
    expect(encodeHep(CONTENT, AGENT)).toEqual(hep(SIP, { from, to }));
    const named = encodeHep(CONTENT, { ...AGENT, name: 'trap', key: 's3cret' });
    const chunks = hepChunks(SIP, { from, to, key: 's3cret' });
    chunks.splice(-1, 0, { type: 19, data: Buffer.from('trap') });
    expect(named).toEqual(hep(chunks));
  });

  const addresses = fc
    .tuple(fc.ipV4(), fc.ipV4())
    .filter(([a, b]) => a !== b)
    .map((pair) => pair.map((each) => canonicalAddress(each) ?? ''));
  const addressesIpv6 = fc
    .tuple(fc.ipV6(), fc.ipV6())
    .map((pair) => pair.map((each) => canonicalAddress(each) ?? ''))
    .filter((pair) => pair.every((each) => each.includes(':')));
  const port = fc.integer({ min: 0, max: 65_535 });

  it('reads back as the same message', () => {
    fc.assert(
      fc.property(
        fc.oneof(addresses, addressesIpv6),
        ...[port, port],
        fc.constantFrom('udp', 'tcp', 'tls'),
        fc.uint8Array({ maxLength: 2_000 }),
        fc.integer({ min: 0, max: 4_294_967_295_999_999 }),
        ([from = '', to = ''], sourcePort, localPort, transport, payload, atUs) => {
          const content = {
            transport,
            source: { address: from, port: sourcePort },
            destination: { address: to, port: localPort },
            ...{ atUs, bytes: Buffer.from(payload) },
          } as const;
          const packet = encodeHep(content, { ...AGENT, key: 'k' });
          expect(packet === null ? null : readHep(packet)).toEqual({
            transport,
            source: content.source,
            destination: content.destination,
            ...{ bytes: content.bytes, key: 'k' },
          });
        },
      ),
    );
  });

  it('tells of a socket of both families and an IPv4 peer in one family', () => {
    const packet = encodeHep({ ...CONTENT, destination: { address: '::', port: 5060 } }, AGENT);
    expect(packet === null ? null : readHep(packet)).toMatchObject({
      source: { address: '203.0.113.7' },
      destination: { address: '::' },
    });
  });

  it.each([
    ['fits', 65_535 - 99, 65_535],
    ['does not fit', 65_535 - 98, null],
    ['is far beyond', 200_000, null],
  ])('%s into one packet', (_, bytes, length) => {
    const packet = encodeHep({ ...CONTENT, bytes: Buffer.alloc(bytes) }, AGENT);
    expect(packet?.length ?? null).toBe(length);
  });
});
