import { loadAllRules } from '../../agent/all-rules.js';
import { toCoreSettings } from '../../agent/core-settings.js';
import type { LoadedSettings } from '../../config/load.js';
import { loadRuleFiles, overrideRules } from '../../config/rules/rule-files.js';
import type { BlockPolicy } from '../../core/block/policy.js';
import { parseCidr, type Cidr } from '../../core/common/address.js';
import type { ProtectedPeer } from '../../core/model/block.js';
import { AgentError } from '../../core/common/errors.js';
import type { Rule } from '../../core/model/rule.js';
import { quoteText } from '../../core/common/text.js';
import {
  enforcing,
  REPLAY_SECRET,
  REPLAY_SEED,
  type ReplaySetting,
} from '../../replay/create-state.js';

/** What a replay decides by: the configuration's policy and protected peers, and the rules. */
export interface ReplayPlan {
  readonly setting: ReplaySetting;
  readonly policy: BlockPolicy;
  readonly rules: readonly Rule[];
  /** Null: no other rules are tried beside those in force. */
  readonly trial: { readonly rules: readonly Rule[]; readonly own: readonly Rule[] } | null;
}

export interface PlanRequest {
  readonly protect: readonly string[];
  /** Rule files to be tried. */
  readonly ruleFiles: readonly string[];
  /** Tried instead of the rules in force, not added to them. */
  readonly only: boolean;
}

/**
 * Gathers what a replay needs. Rejects with USAGE for a bad network, with RULES_INVALID or
 * NOT_FOUND for a bad rule file. This host's own addresses are not protected here, as they are in
 * the agent: the output must be the same on every machine.
 */
export async function planReplay(
  { settings }: LoadedSettings,
  { protect, ruleFiles, only }: PlanRequest,
): Promise<ReplayPlan> {
  const given = { secret: REPLAY_SECRET, seed: REPLAY_SEED, observing: false };
  const core = toCoreSettings(settings, given);
  const policy = enforcing(core.policy);
  const rules = await loadAllRules(settings.rulesDir);
  const own = await loadRuleFiles(ruleFiles);
  const tried = only ? own : overrideRules(rules, own);
  return {
    setting: {
      settings: { ...core, policy },
      protect: protectedPeers(settings.blocking.protect, protect),
      sipPorts: settings.blocking.sipPorts,
    },
    policy,
    rules,
    trial: ruleFiles.length === 0 ? null : { rules: tried, own },
  };
}

function protectedPeers(
  configured: readonly string[],
  given: readonly string[],
): readonly ProtectedPeer[] {
  return [
    ...given.map((text) => ({ target: readNetwork(text).text, from: '--protect' })),
    ...configured.map((target) => ({ target, from: 'configuration: protect' })),
    ...['127.0.0.0/8', '::1/128'].map((target) => ({ target, from: 'loopback' })),
  ];
}

/** A network as a flag gives it. USAGE when it is none. */
export function readNetwork(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr !== null) return cidr;
  throw new AgentError(
    'USAGE',
    `network ${quoteText(text)}: not an address or a network without host bits`,
    'give it as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32',
  );
}
