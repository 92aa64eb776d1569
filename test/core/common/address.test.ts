import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalAddress,
  cidrOf,
  covers,
  overlaps,
  parseCidr,
} from '../../../src/core/common/address.js';

describe('canonicalAddress', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['fe80::1%eth0', 'fe80::1'],
    ['203.0.113.07', null],
    ['203.0.113', null],
    ['[::1]', null],
    ['', null],
  ])('%s is %s', (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected);
  });
});

describe('parseCidr', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.0.0.1', '10.0.0.1/32'],
    ['10.0.0.1/8', null],
    ['10.0.0.0/33', null],
    ['10.0.0.0/', null],
    ['10.0.0.0/8x', null],
    ['2001:db8::/32', '2001:db8::/32'],
    ['2001:db8::1/64', null],
    ['fe80::%eth0/64', null],
  ])('%s is %s', (text, expected) => {
    expect(parseCidr(text)?.text ?? null).toBe(expected);
  });

  it('reads back what cidrOf writes, and each network covers the address it was made of', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6()),
        fc.integer({ min: 0, max: 128 }),
        (text, bits) => {
          const address = canonicalAddress(text);
          fc.pre(address !== null);
          const cidr = cidrOf(address, bits);
          const host = cidrOf(address, null);
          if (cidr === null || host === null) {
            expect(address.includes(':') ? bits > 128 : bits > 32).toBe(true);
            return;
          }
          expect(parseCidr(cidr.text)).toEqual(cidr);
          expect(covers(cidr, host)).toBe(true);
          expect(overlaps(host, cidr)).toBe(true);
        },
      ),
    );
  });
});
