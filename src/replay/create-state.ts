import { cidrOf, covers, type Cidr } from '../core/common/address.js';
import { createBlockState } from '../core/block/decide.js';
import type { BlockPolicy } from '../core/block/policy.js';
import { createPbxState } from '../core/pbx/state.js';
import { createProtectTable } from '../core/block/protect.js';
import { compileRules, createDetectState } from '../core/detect/detect.js';
import type { ProtectedPeer } from '../core/model/block.js';
import type { Rule } from '../core/model/rule.js';
import { createCounts } from '../core/counts.js';
import { type AgentState, type CoreSettings } from '../core/step.js';
import { createAnswerState } from '../core/trap/answer.js';
import { createRetransmissions } from '../core/trap/retransmission.js';

/** Fixed, so that the same input gives the same output to the byte. */
export const REPLAY_SECRET = Buffer.alloc(32, 'replay');
export const REPLAY_SEED = 1;

export interface ReplaySetting {
  readonly settings: CoreSettings;
  readonly protect: readonly ProtectedPeer[];
  /** What scope `sip` means. */
  readonly sipPorts: readonly number[];
  /** Where a PBX is whose messages are replayed; left out: not known. */
  readonly pbx?: readonly Cidr[];
}

/**
 * An agent without a past: no score, no block, nobody who comes back. Throws RULES_INVALID for
 * rules that do not go together.
 */
export function createReplayState(
  { settings, protect, pbx = [] }: ReplaySetting,
  rules: readonly Rule[],
): AgentState {
  return {
    settings,
    rules: compileRules(rules),
    detect: createDetectState(),
    retransmissions: createRetransmissions(),
    answers: createAnswerState(),
    pbx: createPbxState((address) => isWithin(address, pbx)),
    blocks: createBlockState({ protect: createProtectTable(protect) }),
    nextEventId: 1,
    counts: createCounts(),
  };
}

function isWithin(address: string, networks: readonly Cidr[]): boolean {
  const cidr = cidrOf(address, null);
  return cidr !== null && networks.some((network) => covers(network, cidr));
}

/** A replay always blocks: what an observing agent would only note down is the question here. */
export const enforcing = (policy: BlockPolicy): BlockPolicy => ({ ...policy, observing: false });
