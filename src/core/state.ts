import type { BlockState } from './block/decide.js';
import type { BlockPolicy } from './block/policy.js';
import type { AgentCounts } from './counts.js';
import type { DetectState, RuleSet } from './detect/detect.js';
import type { PbxState } from './pbx/state.js';
import type { AnswerSettings, AnswerState } from './trap/answer.js';
import type { Retransmissions } from './trap/retransmission.js';

/** What the operator's settings mean to core. */
export interface CoreSettings {
  readonly policy: BlockPolicy;
  readonly scoreHalfLifeS: number;
  /** How the trap answers, with the key of nonces and To-tags, which is kept over restarts. */
  readonly answers: AnswerSettings;
  /** 30 bits, another at each start; a replay gives a fixed one. */
  readonly seed: number;
}

export interface AgentState {
  settings: CoreSettings;
  rules: RuleSet;
  readonly detect: DetectState;
  readonly retransmissions: Retransmissions;
  readonly answers: AnswerState;
  readonly pbx: PbxState;
  blocks: BlockState;
  nextEventId: number;
  readonly counts: AgentCounts;
}
