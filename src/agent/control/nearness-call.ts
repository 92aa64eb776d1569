import type { NearView } from '../../api/views.js';
import { identitiesOf } from '../../core/block/identities.js';
import { nearness } from '../../core/detect/count/nearness.js';
import { canonicalAddress } from '../../core/common/address.js';
import { AgentError } from '../../core/common/errors.js';
import type { TrapEvent } from '../../core/model/event.js';
import { identityOf } from '../../core/model/identity.js';
import { LIMITS } from '../../core/common/limits.js';
import { parseMessage } from '../../core/sip/parse.js';
import type { AgentContext } from '../agent-context.js';

/** How near each rule is to firing for a source, by what detection holds now. Rejects with USAGE. */
export async function viewNearness(
  { state, reader, nowUs }: Pick<AgentContext, 'state' | 'reader' | 'nowUs'>,
  addressText: string,
): Promise<readonly NearView[]> {
  const address = canonicalAddress(addressText);
  if (address === null) {
    const message = `${addressText.slice(0, 64)} is no IP address`;
    throw new AgentError('USAGE', message, 'give an IPv4 or IPv6 address, such as 203.0.113.7');
  }
  const limit = LIMITS.nearEventsMax;
  const stored = await reader.listEvents({ source: address, limit, withRaw: true });
  const identities = identitiesOf(state.settings.policy, state.blocks.protect);
  const identity = identityOf(identities, address);
  const events = stored.flatMap(({ raw, ...event }): TrapEvent[] =>
    raw === null ? [] : [{ ...event, identity, message: parseMessage(raw), retransmission: false }],
  );
  return nearness(state.detect, events, nowUs()).map(({ attackType, ...near }) => ({
    ...near,
    attack_type: attackType,
  }));
}
