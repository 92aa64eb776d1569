import { createBlockTable } from '../core/block/block-table.js';
import { createBreaker } from '../core/block/breaker.js';
import type { BlockPolicy } from '../core/block/policy.js';
import { createProtectTable } from '../core/block/protect.js';
import { createReturns } from '../core/block/returns.js';
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
}

/**
 * An agent without a past: no score, no block, nobody who comes back. Throws RULES_INVALID for
 * rules that do not go together.
 */
export function createReplayState(
  { settings, protect }: ReplaySetting,
  rules: readonly Rule[],
): AgentState {
  return {
    settings,
    rules: compileRules(rules),
    detect: createDetectState(),
    retransmissions: createRetransmissions(),
    answers: createAnswerState(),
    blocks: {
      table: createBlockTable(),
      returns: createReturns(),
      breaker: createBreaker(),
      protect: createProtectTable(protect),
      refusedFull: 0,
      nextBlockId: 1,
    },
    nextEventId: 1,
    counts: createCounts(),
  };
}

/** A replay always blocks: what an observing agent would only note down is the question here. */
export const enforcing = (policy: BlockPolicy): BlockPolicy => ({ ...policy, observing: false });
