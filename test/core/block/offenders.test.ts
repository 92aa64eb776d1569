import { describe, expect, it } from 'vitest';
import { createOffenders, noteOffender } from '../../../src/core/block/offenders.js';
import type { BlockPolicy } from '../../../src/core/block/policy.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import { parseCidr } from '../../../src/core/common/address.js';

const POLICY = {
  prefixBlockSources: 3,
  prefixBlockIpv4: 24,
  prefixBlockIpv6: 48,
  prefixBlockWindowS: 100,
} as BlockPolicy; // Nothing else of the policy is read.

/** Notes targets one second apart; the network that the last one completes, or null. */
function note(targets: readonly string[], policy = POLICY, gapS = 1): string | null {
  const offenders = createOffenders();
  let found: string | null = null;
  for (const [index, target] of targets.entries()) {
    const cidr = parseCidr(target);
    if (cidr === null) throw new Error(`no target: ${target}`);
    found = noteOffender(offenders, cidr, policy, index * gapS * 1e6)?.network.text ?? null;
  }
  return found;
}

describe('noting offenders of one network', () => {
  it.each([
    ['too few', ['10.0.0.1', '10.0.0.2'], null],
    ['enough', ['10.0.0.1', '10.0.0.2', '10.0.0.3'], '10.0.0.0/24'],
    ['one that returns counts once', ['10.0.0.1', '10.0.0.1', '10.0.0.1'], null],
    ['different networks', ['10.0.0.1', '10.0.1.2', '10.0.2.3'], null],
    ['IPv6', ['2001:db8:0:1::/64', '2001:db8:0:2::/64', '2001:db8:0:3::/64'], '2001:db8::/48'],
    ['targets as wide as the network', ['10.0.0.0/24', '10.0.0.0/24', '10.0.0.0/24'], null],
  ])('%s', (_what, targets, expected) => {
    expect(note(targets)).toBe(expected);
  });

  it('forgets those that are older than the window', () => {
    expect(note(['10.0.0.1', '10.0.0.2', '10.0.0.3'], POLICY, 60)).toBeNull();
  });

  it('does nothing when it is switched off', () => {
    const off = { ...POLICY, prefixBlockSources: 0 };
    expect(note(['10.0.0.1', '10.0.0.2', '10.0.0.3'], off)).toBeNull();
  });

  it('keeps its bounds', () => {
    const offenders = createOffenders();
    const wide = { ...POLICY, prefixBlockIpv4: 8 };
    for (let index = 0; index < 200; index += 1) {
      const cidr = parseCidr(`10.0.0.${index}`);
      if (cidr !== null) noteOffender(offenders, cidr, wide, index);
    }
    expect(offenders.byNetwork.get('10.0.0.0/8')?.size).toBe(LIMITS.prefixOffendersMax);
  });
});
