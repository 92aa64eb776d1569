import type { Effect, EndHow } from './flow.js';
import { isEnded, putBlock } from './block/block-table.js';
import { identityOfEvent, judge } from './block/judge.js';
import { countReturn } from './block/returns.js';
import { spendScore, type Detection } from './detect/detect.js';
import { kernelScope, type Block } from './model/block.js';
import type { TrapEvent } from './model/event.js';
import type { AgentState } from './state.js';

/** What an event means for its source, done: points spent, the block put in force. */
export function decideAndBlock(
  state: AgentState,
  event: TrapEvent,
  detection: Detection,
  nowUs: number,
): readonly Effect[] {
  const trippedBefore = state.blocks.breaker.tripped;
  const verdict = judge(state.blocks, state.settings.policy, event, detection, nowUs);
  if (verdict === null) return [];
  const { address: source } = event.source;
  const identity = identityOfEvent(event);
  const turned = breakerTurn(state, trippedBefore);
  if (verdict.kind === 'protected') {
    state.counts.protectedSpared += 1;
    return [{ kind: 'spared', source, peer: verdict.peer }];
  }
  // What came before the kernel took the rule belongs to the block that stands.
  if (verdict.kind === 'covered' && !verdict.heard) {
    spendScore(state.detect, identity, { keepProven: !verdict.proven });
  }
  if (verdict.kind !== 'block') return turned;
  spendScore(state.detect, identity);
  return [...turned, ...begin(state, verdict.block)];
}

/** Told when the breaker for unproven blocks is another than before. */
export function breakerTurn({ blocks }: AgentState, before: boolean): readonly Effect[] {
  const { tripped } = blocks.breaker;
  return tripped === before ? [] : [{ kind: 'breaker', tripped }];
}

/** Puts a block in force: table, memory of returns, store and firewall. */
export function begin(state: AgentState, block: Block): readonly Effect[] {
  const { blocks, counts } = state;
  blocks.nextBlockId = block.id + 1;
  counts.blocks += 1;
  if (block.proof !== 'none' && !block.simulated) countReturn(blocks.returns, block.target);
  const before = putBlock(blocks.table, block);
  const how = before !== null && isEnded(before, block.createdAtUs) ? 'expired' : 'replaced';
  const effects: Effect[] = before === null ? [] : [endOf(before, how)];
  effects.push({ kind: 'block', block });
  if (block.simulated) return effects;
  const { target, createdAtUs, expiresAtUs } = block;
  const scope = kernelScope(block);
  const timeoutS = expiresAtUs === null ? null : Math.ceil((expiresAtUs - createdAtUs) / 1_000_000);
  effects.push({ kind: 'firewall', change: { kind: 'add', target, scope, timeoutS } });
  if (before !== null && !before.simulated && kernelScope(before) !== scope) {
    const change = { kind: 'remove', target, scope: kernelScope(before) } as const;
    effects.push({ kind: 'firewall', change });
  }
  return effects;
}

export const endOf = (block: Block, how: EndHow): Effect => ({ kind: 'block-ended', block, how });
