import type { Block } from '../core/model/block.js';
import { formatDuration } from '../core/model/duration.js';

/** One line for people about a new block: what, how far, for how long, and why. */
export function describeBlock(block: Block): string {
  const what = block.simulated ? 'would block' : 'blocked';
  const scope = block.scope === 'all' ? 'wholly' : 'on the SIP ports';
  const length =
    block.expiresAtUs === null
      ? 'until removed'
      : `for ${formatDuration((block.expiresAtUs - block.createdAtUs) / 1_000_000)}`;
  const kind = block.attackType ?? block.origin;
  return `${what} ${block.target} ${scope} ${length}: ${kind}: ${block.reason}`;
}
