import { identitiesOf } from '../../core/block/identities.js';
import { createOffenders, noteOffender } from '../../core/block/offenders.js';
import type { BlockPolicy } from '../../core/block/policy.js';
import { createReturns } from '../../core/block/returns.js';
import { restorePoints } from '../../core/detect/score/restore-points.js';
import { cidrOf, parseCidr } from '../../core/common/address.js';
import { identityOf } from '../../core/model/identity.js';
import type { Reader } from '../../store/read/reader.js';
import type { AgentContext } from '../agent-context.js';

type Memory = Pick<AgentContext, 'state' | 'reader' | 'nowUs'>;

/** A score that has been halved so often is nothing. */
const FORGOTTEN_HALF_LIVES = 10;

/** Scores, and who was blocked before: what the next decision needs, and the firewall does not. */
export async function restoreMemory({ state, reader, nowUs }: Memory): Promise<void> {
  const { settings, detect } = state;
  const sinceUs = nowUs() - FORGOTTEN_HALF_LIVES * settings.scoreHalfLifeS * 1_000_000;
  const paid = await reader.lastDetectorBlocks(sinceUs);
  const { scoreHalfLifeS, policy } = settings;
  const identities = identitiesOf(policy, state.blocks.protect);
  restorePoints(
    detect.scores,
    await reader.recentSightings(sinceUs),
    (source) => identityOf(identities, source),
    (identity) => paid.get(targetOf(identity)),
    { scoreHalfLifeS, threshold: policy.threshold },
  );
  const returns = createReturns(await reader.provenBlockCounts());
  const offenders = await restoreOffenders(reader, settings.policy, nowUs());
  state.blocks = { ...state.blocks, returns, offenders };
}

/** What a block of a source had as its target. */
const targetOf = (identity: string): string =>
  identity.includes('/') ? identity : (cidrOf(identity, null)?.text ?? identity);

async function restoreOffenders(reader: Reader, policy: BlockPolicy, nowUs: number) {
  const offenders = createOffenders();
  const sinceUs = nowUs - policy.prefixBlockWindowS * 1_000_000;
  for (const [target, atUs] of await reader.provenBlocksSince(sinceUs)) {
    const cidr = parseCidr(target);
    if (cidr !== null) noteOffender(offenders, cidr, policy, atUs);
  }
  return offenders;
}
