import { targetOf } from '../core/block/decide.js';
import { createOffenders, noteOffender } from '../core/block/offenders.js';
import type { BlockPolicy } from '../core/block/policy.js';
import { createReturns } from '../core/block/returns.js';
import { restoreScore, scoreOf, spendScore } from '../core/detect/detect.js';
import { parseCidr } from '../core/model/address.js';
import type { Sighting } from '../core/model/sighting.js';
import type { AgentState } from '../core/step.js';
import type { LastBlock } from '../store/read-blocks.js';
import type { Reader } from '../store/reader.js';
import type { AgentContext } from './context.js';

type Memory = Pick<AgentContext, 'state' | 'reader' | 'nowUs'>;

/** A score that has been halved so often is nothing. */
const FORGOTTEN_HALF_LIVES = 10;

/** Scores, and who was blocked before: what the next decision needs, and the firewall does not. */
export async function restoreMemory({ state, reader, nowUs }: Memory): Promise<void> {
  const { settings, detect } = state;
  const sinceUs = nowUs() - FORGOTTEN_HALF_LIVES * settings.scoreHalfLifeS * 1_000_000;
  const paid = await reader.lastDetectorBlocks(sinceUs);
  const sightings = await reader.recentSightings(sinceUs);
  sightings.forEach((sighting, index) => {
    const block = paid.get(targetOf(sighting.source, settings.policy).text);
    // Points that led to a block are paid for (spendScore).
    if (block !== undefined && sighting.atUs <= block.atUs) return;
    restoreScore(detect, sighting, settings);
    const next = sightings[index + 1];
    const isLast = next?.atUs !== sighting.atUs || next.source !== sighting.source;
    if (isLast && block !== undefined && sighting.atUs < block.endUs)
      payAgain(state, sighting, block);
  });
  const returns = createReturns(await reader.provenBlockCounts());
  const offenders = await restoreOffenders(reader, settings.policy, nowUs());
  state.blocks = { ...state.blocks, returns, offenders };
}

/** As a running agent does on an event while a block stands (step.ts). */
function payAgain(
  { detect, settings }: AgentState,
  { source, atUs }: Sighting,
  { proven }: LastBlock,
): void {
  const { total } = scoreOf(detect, source, atUs, settings);
  if (total >= settings.policy.threshold) spendScore(detect, source, { keepProven: !proven });
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
