import { describe, expect, it } from 'vitest';
import { createBlockState } from '../../../src/core/block/decide.js';
import { createProtectTable } from '../../../src/core/block/protect.js';
import { planRequest } from '../../../src/core/block/request.js';

const state = createBlockState({
  protect: createProtectTable([{ target: '198.51.100.10/32', from: 'configuration' }]),
  nextBlockId: 7,
});

function plan(target: string, more: { force?: boolean; wide?: boolean } = {}): string {
  const request = {
    target,
    scope: 'all',
    durationS: 60,
    reason: 'r',
    origin: 'manual',
    force: false,
    ...more,
  } as const;
  const result = planRequest(state, request, { observing: false, blocksMax: 10 }, 1_000_000);
  if ('block' in result) return `block ${result.block.target}`;
  const { refusal } = result;
  if (refusal.kind === 'wide') return `wide: ${refusal.why}`;
  return refusal.kind === 'bad-target' ? refusal.why : refusal.kind;
}

describe('planRequest', () => {
  it.each([
    ['203.0.113.7', 'block 203.0.113.7/32'],
    ['203.0.113.0/24', 'block 203.0.113.0/24'],
    ['2001:DB8:0:0::/64', 'block 2001:db8::/64'],
    ['::ffff:203.0.113.7', 'block 203.0.113.7/32'],
    [
      '203.0.113.7/24',
      'bits beyond the length are set: the network is 203.0.113.0/24, the address alone 203.0.113.7',
    ],
    ['203.0.113.7/33', 'the length of an IPv4 network is a number from 1 to 32'],
    ['0.0.0.0/33', 'the length of an IPv4 network is a number from 1 to 32'],
    ['203.0.113.0/', 'the length of an IPv4 network is a number from 1 to 32'],
    ['2001:db8::/129', 'the length of an IPv6 network is a number from 1 to 128'],
    ['fe80::1%eth0', 'a zone (%eth0) cannot be blocked: give the address alone'],
    ['0.0.0.0', 'no packet ever comes from this address'],
    ['255.255.255.255', 'no packet ever comes from this address'],
    ['::', 'no packet ever comes from this address'],
    ['10.0.0.0/8', 'block 10.0.0.0/8'],
    ['128.0.0.0/1', 'wide: that is 1/2 of all IPv4 addresses'],
    ['10.0.0.0/7', 'wide: that is 1/128 of all IPv4 addresses'],
    ['2000::/18', 'wide: that is 1/262144 of all IPv6 addresses'],
    ['2001:2000::/19', 'block 2001:2000::/19'],
    ['0.0.0.0/0', 'a length of 0 would block everybody'],
    ['::/0', 'a length of 0 would block everybody'],
    ['example.org', 'not an IPv4 or IPv6 address or CIDR'],
    ['', 'not an IPv4 or IPv6 address or CIDR'],
    ['203.0.113.7; drop', 'not an IPv4 or IPv6 address or CIDR'],
    ['198.51.100.10', 'protected'],
    ['198.51.100.0/24', 'protected'],
  ])('%s: %s', (target, expected) => {
    expect(plan(target)).toBe(expected);
  });

  it('takes a wide network that is meant, and one that is forced', () => {
    expect(plan('128.0.0.0/2', { wide: true })).toBe('block 128.0.0.0/2');
    expect(plan('128.0.0.0/2', { force: true })).toBe('block 128.0.0.0/2');
    // What is meant to be wide is not meant to cut a protected peer off.
    expect(plan('192.0.0.0/3', { wide: true })).toBe('protected');
  });
});
