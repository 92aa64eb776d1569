import type { BlockPolicy } from '../core/block/policy.js';
import type { CoreSettings } from '../core/step.js';
import type { AnswerSettings } from '../core/trap/answer.js';
import { PERSONAS } from '../core/trap/personas/personas.js';
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
    answers: toAnswerSettings(settings, given.secret),
    seed: given.seed,
  };
}

function toAnswerSettings(settings: Settings, secret: Buffer): AnswerSettings {
  return {
    persona: PERSONAS[settings.persona],
    secret,
    realm: settings.sipDomain,
    algorithms: settings.digestAlgorithms,
    answering: settings.answering,
    lure: settings.lure ? { passwords: settings.lurePasswords } : null,
    rates: {
      perSource: settings.answersPerSecondPerSource,
      perNetwork: settings.answersPerSecondPerNetwork,
    },
    callsMax: settings.callsMax,
    callDurationMaxUs: settings.callDurationMaxS * 1_000_000,
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
    blocksMax: blocking.blocksMax,
    newUnprovenPerMinuteMax: blocking.newUnprovenPerMinuteMax,
  };
}
