import type { BlockPolicy } from '../core/block/policy.js';
import type { CoreSettings } from '../core/step.js';
import type { Settings } from '../config/schema.js';

/** The settings as core needs them. */
export function toCoreSettings(
  settings: Settings,
  given: { readonly secret: Buffer; readonly seed: number; readonly observing: boolean },
): CoreSettings {
  const { blocking } = settings;
  return {
    policy: toPolicy(blocking, given.observing),
    scoreHalfLifeS: blocking.scoreHalfLifeS,
    realm: settings.sipDomain,
    secret: given.secret,
    seed: given.seed,
  };
}

function toPolicy(blocking: Settings['blocking'], observing: boolean): BlockPolicy {
  return {
    observing,
    threshold: blocking.threshold,
    durationS: blocking.durationS,
    durationFactor: blocking.durationFactor,
    durationMaxS: blocking.durationMaxS,
    unproven: blocking.unproven,
    unprovenDurationS: blocking.unprovenDurationS,
    scope: blocking.scope,
    prefixIpv4: blocking.prefixIpv4,
    prefixIpv6: blocking.prefixIpv6,
    prefixBlockSources: blocking.prefixBlockSources,
    prefixBlockIpv4: blocking.prefixBlockIpv4,
    prefixBlockIpv6: blocking.prefixBlockIpv6,
    prefixBlockWindowS: blocking.prefixBlockWindowS,
    blocksMax: blocking.blocksMax,
    newUnprovenPerMinuteMax: blocking.newUnprovenPerMinuteMax,
  };
}
