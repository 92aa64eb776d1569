import { isEnded } from '../../core/block/block-table.js';
import { kernelScope, type Block } from '../../core/model/block.js';
import { LIMITS } from '../../core/common/limits.js';
import type { AgentState } from '../../core/step.js';
import type { ActualBlock, DesiredBlock, Firewall } from '../../firewall/port.js';
import type { DropLedger } from './drop-ledger.js';

/** What a full look at the firewall found. */
export interface Comparison {
  /** Blocks in the firewall. */
  readonly actual: number;
  /** Blocks that must be there and are not, or not for the right time. */
  readonly missing: readonly Block[];
  /** Elements that no block stands behind. */
  readonly extra: readonly ActualBlock[];
}

/** A block this near to its end may be gone from the kernel already. */
const NEARLY_ENDED_US = 3_000_000;
/** A block this young may still be on its way. */
const ON_ITS_WAY_US = 2_000_000;
/** Seconds by which kernel and database may differ about an end: rounding, and a slow write. */
const END_DIFFERS_S = 30;

/** Null when our rules are not in the firewall at all. */
export async function compareFirewall(
  firewall: Firewall,
  state: AgentState,
  drops: DropLedger,
  nowUs: number,
): Promise<Comparison | null> {
  const { byTarget } = state.blocks.table;
  const seen = new Set<Block>();
  const extra: ActualBlock[] = [];
  let actual = 0;
  const present = await firewall.visit((found) => {
    actual += 1;
    const block = byTarget.get(found.target);
    if (block === undefined || block.simulated || kernelScope(block) !== found.scope) {
      const soonGone = found.expiresS !== null && found.expiresS * 1e6 <= NEARLY_ENDED_US;
      if (!soonGone && extra.length < LIMITS.firewallBatchChangesMax) extra.push(found);
      return;
    }
    drops.note(block, found.packetsDropped);
    if (!firewall.expiresItself || endsAsItMust(block, found, nowUs)) seen.add(block);
  });
  if (!present) return null;
  const missing: Block[] = [];
  for (const block of byTarget.values()) {
    if (!seen.has(block) && mustBeThere(block, nowUs)) missing.push(block);
  }
  return {
    actual,
    missing,
    extra: extra.filter(({ target }) => !isYoung(byTarget.get(target), nowUs)),
  };
}

/**
 * The clock may have been set, so that the kernel would end a block hours off. One that lasts longer
 * than an element may is renewed when half of the element's time is over.
 */
function endsAsItMust(block: Block, { expiresS }: ActualBlock, nowUs: number): boolean {
  if (expiresS === null) return false;
  const leftS = block.expiresAtUs === null ? Infinity : (block.expiresAtUs - nowUs) / 1e6;
  const longestS = LIMITS.firewallElementSMax;
  if (leftS > longestS) return expiresS > longestS / 2 && expiresS <= longestS + END_DIFFERS_S;
  return Math.abs(leftS - expiresS) <= END_DIFFERS_S;
}

const isYoung = (block: Block | undefined, nowUs: number): boolean =>
  block !== undefined && nowUs - block.createdAtUs < ON_ITS_WAY_US;

function mustBeThere(block: Block, nowUs: number): boolean {
  const ends = block.expiresAtUs ?? Infinity;
  return !block.simulated && ends - nowUs > NEARLY_ENDED_US && !isYoung(block, nowUs);
}

/** Every block that must be in force at `nowUs`, with the time that is left of it. */
export function desiredBlocks(state: AgentState, nowUs: number): DesiredBlock[] {
  const blocks: DesiredBlock[] = [];
  for (const block of state.blocks.table.byTarget.values()) {
    if (block.simulated || isEnded(block, nowUs)) continue;
    blocks.push({
      target: block.target,
      scope: kernelScope(block),
      timeoutS: secondsLeft(block, nowUs),
    });
  }
  return blocks;
}

export const secondsLeft = (block: Block, nowUs: number): number | null =>
  block.expiresAtUs === null ? null : Math.ceil((block.expiresAtUs - nowUs) / 1_000_000);
