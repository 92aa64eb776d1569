import type { Block, Scope } from '../../core/model/block.js';
import type { CallRecord } from '../../core/model/call.js';
import { formatDuration } from '../../core/common/duration.js';
import { quoteText } from '../../core/common/text.js';

const HOW_FAR: Readonly<Record<Scope, string>> = {
  all: 'wholly',
  sip: 'on the SIP ports',
  beside: 'but for the trap',
};

/** One line for people about a new block: what, how far, for how long, and why. */
export function describeBlock(block: Block): string {
  const what = block.simulated ? 'would block' : 'blocked';
  const scope = HOW_FAR[block.scope];
  const length =
    block.expiresAtUs === null
      ? 'until removed'
      : `for ${formatDuration((block.expiresAtUs - block.createdAtUs) / 1_000_000)}`;
  const kind = block.attackType ?? block.origin;
  return `${what} ${block.target} ${scope} ${length}: ${kind}: ${block.reason}`;
}

/** One line for people about a call that the trap answered. */
export function describeCall({ source, user, called }: CallRecord): string {
  return `answered a call of ${source} as ${quoteText(user)} to ${quoteText(called)}`;
}
