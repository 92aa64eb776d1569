import type { Block, Scope } from '../model/block.js';
import { blocksCovering, isEnded, type BlockTable } from './block-table.js';
import type { BlockPolicy } from './policy.js';

/**
 * What scope a decision has, and when one is due for a source that is heard while it is blocked: a
 * block of scope `beside` leaves it the trap, so that it can go on attacking there.
 */

interface Seen {
  readonly proven: boolean;
  readonly flooding: boolean;
  /** The blocks that stand over the source. */
  readonly covering: readonly Block[];
}

/**
 * The scope that a source gets by the settings. What harms the trap itself is not heard any longer:
 * where that would leave the trap open, everything is closed.
 */
export function scopeFor(
  policy: Pick<BlockPolicy, 'scope' | 'unproven'>,
  { proven, flooding, covering }: Seen,
): BlockPolicy['unproven'] {
  const scope = proven ? policy.scope : policy.unproven;
  if (!flooding || scope === 'none') return scope;
  return scope === 'beside' || covering.some((block) => block.scope === 'beside') ? 'all' : scope;
}

/**
 * The scope of a new block in the place of the one before for its target. No decision opens what was
 * closed by hand or by a list, or wholly.
 */
export function keepClosed(before: Block | undefined, scope: Scope, nowUs: number): Scope {
  if (before === undefined || before.simulated || isEnded(before, nowUs)) return scope;
  if (before.scope === 'all') return 'all';
  return before.origin === 'detector' || before.scope === scope ? scope : 'all';
}

/** The part of a block's time in which whoever goes on is blocked anew. */
const LAST_PART = 10;

/** True in the last tenth of a block's time, so that there is one decision for each and no gap. */
export const endsSoon = ({ createdAtUs, expiresAtUs }: Block, nowUs: number): boolean =>
  expiresAtUs !== null && (expiresAtUs - nowUs) * LAST_PART <= expiresAtUs - createdAtUs;

/**
 * The block of a rule that leaves a source the trap and is about to end; null: there is none. An
 * unproven message is no reason to prolong a proven block.
 */
export function endingBlock(
  table: BlockTable,
  address: string,
  proven: boolean,
  nowUs: number,
): Block | null {
  const ending = blocksCovering(table, address, nowUs).find(
    (block) =>
      block.scope === 'beside' &&
      block.rule !== null &&
      (proven || block.proof === 'none') &&
      endsSoon(block, nowUs),
  );
  return ending ?? null;
}
