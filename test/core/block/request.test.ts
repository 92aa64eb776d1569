import { describe, expect, it } from 'vitest';
import { createBlockState } from '../../../src/core/block/decide.js';
import { createProtectTable } from '../../../src/core/block/protect.js';
import { planRequest } from '../../../src/core/block/request.js';

const state = createBlockState({
  protect: createProtectTable([{ target: '198.51.100.10/32', from: 'configuration' }]),
  nextBlockId: 7,
});

function plan(target: string): string {
  const request = {
    target,
    scope: 'all',
    durationS: 60,
    reason: 'r',
    origin: 'manual',
    force: false,
  } as const;
  const result = planRequest(state, request, { observing: false, blocksMax: 10 }, 1_000_000);
  if ('block' in result) return `block ${result.block.target}`;
  const { refusal } = result;
  return refusal.kind === 'bad-target' ? refusal.why : refusal.kind;
}

describe('planRequest', () => {
  it.each([
    ['203.0.113.7', 'block 203.0.113.7/32'],
    ['203.0.113.0/24', 'block 203.0.113.0/24'],
    ['2001:DB8:0:0::/64', 'block 2001:db8::/64'],
    ['::ffff:203.0.113.7', 'block 203.0.113.7/32'],
    ['203.0.113.7/24', 'bits beyond the length are set, or the length is too long'],
    ['203.0.113.7/33', 'bits beyond the length are set, or the length is too long'],
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
});
