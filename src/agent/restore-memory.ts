import { targetOf } from '../core/block/decide.js';
import { createOffenders, noteOffender } from '../core/block/offenders.js';
import type { BlockPolicy } from '../core/block/policy.js';
import { createReturns } from '../core/block/returns.js';
import { restoreScore, scoreOf, spendScore } from '../core/detect/detect.js';
import { parseCidr } from '../core/model/address.js';
import type { Sighting } from '../core/model/sighting.js';
import type { AgentState } from '../core/step.js';
import type { Reader } from '../store/reader.js';
import type { AgentContext } from './context.js';

type Memory = Pick<AgentContext, 'state' | 'reader' | 'nowUs'>;

/** A score that has been halved so often is nothing. */
const FORGOTTEN_HALF_LIVES = 10;

/** Scores, and who was blocked before: what the next decision needs, and the firewall does not. */
export async function restoreMemory({ state, reader, nowUs }: Memory): Promise<void> {
  const { settings, detect } = state;
  const sinceUs = nowUs() - FORGOTTEN_HALF_LIVES * settings.scoreHalfLifeS * 1_000_000;
  const paidUs = await reader.lastDetectorBlocks(sinceUs);
  for (const sighting of await reader.recentSightings(sinceUs)) {
    const blockedUs = paidUs.get(targetOf(sighting.source, settings.policy).text);
    // Points that led to a block are paid for (spendScore).
    if (blockedUs !== undefined && sighting.atUs <= blockedUs) continue;
    restoreScore(detect, sighting, settings);
    if (blockedUs !== undefined) payAgain(state, sighting);
  }
  const returns = createReturns(await reader.provenBlockCounts());
  const offenders = await restoreOffenders(reader, settings.policy, nowUs());
  state.blocks = { ...state.blocks, returns, offenders };
}

/** After a block the threshold is reached without another only while the first one stands. */
function payAgain({ detect, settings }: AgentState, { source, atUs }: Sighting): void {
  const { total, proven } = scoreOf(detect, source, atUs, settings);
  const { threshold } = settings.policy;
  if (total >= threshold) spendScore(detect, source, { keepProven: proven < threshold });
}

async function restoreOffenders(reader: Reader, policy: BlockPolicy, nowUs: number) {
  const offenders = createOffenders();
  const sinceUs = nowUs - policy.prefixBlockWindowS * 1_000_000;
  for (const [target, atUs] of await reader.provenBlocksSince(sinceUs)) {
    const cidr = parseCidr(target);
    if (cidr !== null) noteOffender(offenders, cidr, policy, atUs);
  }
  return offenders;
}
