import { describe, expect, it } from 'vitest';
import { clearBlocks } from '../../../src/agent/control/block-calls.js';
import type { AgentContext } from '../../../src/agent/agent-context.js';
import type { EffectRunner } from '../../../src/agent/effects.js';
import { createBlockTable } from '../../../src/core/block/block-table.js';
import { createBlockState } from '../../../src/core/block/decide.js';
import type { Block } from '../../../src/core/model/block.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import { createReplayState } from '../../../src/replay/create-state.js';
import { makeSettings } from '../../core/trap/message.js';
import { DEFAULT_POLICY } from '../../default-policy.js';
import { sampleBlock, START_US } from '../../store/samples.js';

/** An agent with so many blocks, whose firewall and store count what waits for them at most. */
function createAgent(count: number) {
  const blocks: Block[] = Array.from({ length: count }, (_, id) =>
    sampleBlock(id + 1, {
      target: `10.${(id >> 16) & 255}.${(id >> 8) & 255}.${id & 255}/32`,
      expiresAtUs: null,
    }),
  );
  const settings = { policy: DEFAULT_POLICY, scoreHalfLifeS: 1, answers: makeSettings(), seed: 1 };
  const state = createReplayState({ settings, protect: [], sipPorts: [5060] }, []);
  state.blocks = createBlockState({ table: createBlockTable(blocks) });
  const agent = { waiting: 0, mostWaiting: 0, failed: 0, lastError: null as string | null };
  const fail = { with: (): void => undefined };
  const runner: EffectRunner = {
    run: (effects) => {
      agent.waiting += effects.filter(({ kind }) => kind === 'block-ended').length;
      agent.mostWaiting = Math.max(agent.mostWaiting, agent.waiting);
    },
    handOver: () => undefined,
    stop: () => undefined,
  };
  const parts = {
    state,
    nowUs: () => START_US,
    log: { say: () => undefined },
    keeper: {
      stats: () => ({ ...agent }),
      idle: () => {
        fail.with();
        return Promise.resolve();
      },
    },
    store: {
      flush: () => {
        agent.waiting = 0;
        return Promise.resolve();
      },
    },
  };
  // What clearing uses of an agent, and no more.
  return { agent, state, runner, fail, context: parts as unknown as AgentContext };
}

const ALL = { origin: null, scope: null };

describe('clearing blocks', () => {
  it('hands over a part, waits until it is kept, and goes on until none is left', async () => {
    const count = 2 * LIMITS.blocksPerRequestMax + 7;
    const { agent, state, runner, context } = createAgent(count);
    expect(await clearBlocks(context, runner, ALL)).toEqual({ removed: count });
    expect(state.blocks.table.byTarget.size).toBe(0);
    expect(agent.mostWaiting).toBe(LIMITS.blocksPerRequestMax);
  });

  it.each([
    ['is told', 'set is busy', 'recorded, but not in the firewall: set is busy'],
    ['is forgotten once it was tried again with success', null, null],
  ])('a change that failed %s', async (_, lastError, told) => {
    const { agent, context, runner, fail } = createAgent(3);
    fail.with = () => {
      agent.failed = 1;
      agent.lastError = lastError;
    };
    const cleared = clearBlocks(context, runner, ALL);
    if (told === null) expect(await cleared).toEqual({ removed: 3 });
    else await expect(cleared).rejects.toMatchObject({ code: 'FIREWALL_FAILED', message: told });
  });
});
