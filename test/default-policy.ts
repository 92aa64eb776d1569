import type { BlockPolicy } from '../src/core/block/policy.js';

/** The defaults, with room for few blocks. */
export const DEFAULT_POLICY: BlockPolicy = {
  observing: false,
  threshold: 100,
  durationS: 3_600,
  durationFactor: 4,
  durationMaxS: 2_592_000,
  unproven: 'sip',
  unprovenDurationS: 600,
  scope: 'all',
  prefixIpv4: 32,
  prefixIpv6: 64,
  prefixBlockSources: 5,
  prefixBlockIpv4: 24,
  prefixBlockIpv6: 48,
  prefixBlockWindowS: 86_400,
  blocksMax: 1_000,
  newUnprovenPerMinuteMax: 600,
};
