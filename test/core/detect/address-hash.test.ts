import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashAddress, hashNetwork } from '../../../src/core/detect/address-hash.js';

const hashed = (address: string, seed = 7) => {
  const out = { lo: 0, hi: 0 };
  hashAddress(out, address, seed);
  return `${out.lo} ${out.hi}`;
};

const network = (address: string, seed = 7) => {
  const out = { lo: 0, hi: 0 };
  hashNetwork(out, address, seed);
  return `${out.lo} ${out.hi}`;
};

describe('the hash of an address', () => {
  it('is the same for the same IPv4 address alone, and another with another seed', () => {
    const pair = fc.tuple(fc.ipV4(), fc.ipV4());
    fc.assert(
      fc.property(pair, ([one, other]) => {
        expect(hashed(one) === hashed(other)).toBe(one === other);
        expect(hashed(one)).not.toBe(hashed(one, 8));
      }),
    );
    const neighbours = Array.from({ length: 65_536 }, (_, n) => `203.0.${n >> 8}.${n & 255}`);
    expect(new Set(neighbours.map((address) => hashed(address))).size).toBe(65_536);
  });

  it('of an IPv4 network is that of its /24', () => {
    expect(network('203.0.113.7')).toBe(network('203.0.113.250'));
    expect(network('203.0.113.7')).not.toBe(network('203.0.114.7'));
    // The number of the network is that of this host.
    expect(network('203.0.113.7')).not.toBe(hashed('0.203.0.113'));
  });

  it('of what is no IPv4 address is that of its text', () => {
    // The samples of a rule may count over 255.
    expect(hashed('203.0.113.300')).not.toBe(hashed('203.0.113.44'));
    expect(network('198.51.100.300')).not.toBe(network('198.51.101.9'));
    expect(hashed('1.2.3')).not.toBe(hashed('0.1.2.3'));
  });

  it('of an IPv6 network is that of its /48', () => {
    const address = '2001:db8:1:2:3:4:5:6';
    expect(network(address)).toBe(network('2001:db8:1:3::9'));
    expect(network(address)).not.toBe(network('2001:db8:2:2::9'));
    expect(hashed(address)).not.toBe(hashed('2001:db8:1:2:3:4:5:7'));
  });
});
