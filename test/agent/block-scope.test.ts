import { expect, it } from 'vitest';
import { addBlock, addBlocks } from '../../src/agent/control/block-calls.js';
import type { AgentContext } from '../../src/agent/agent-context.js';
import type { EffectRunner } from '../../src/agent/effects.js';
import { createUfw } from '../../src/firewall/ufw/ufw.js';

const runner: EffectRunner = {
  run: () => {
    throw new Error('a refused block was carried out');
  },
  handOver: () => undefined,
  stop: () => undefined,
};

/** What of an agent stands before a block is refused, with ufw as its firewall. */
const context = {
  keeper: {
    chosen: { firewall: createUfw({ ufwBefore: ['/nonexistent'] }) },
    idle: () => Promise.resolve(),
    stats: () => ({ failed: 0, lastError: null }),
  },
  store: { flush: () => Promise.resolve() },
  log: { say: () => undefined },
} as unknown as AgentContext;

const REQUEST = {
  target: '203.0.113.7',
  scope: 'beside',
  duration_s: 60,
  reason: 'x',
  force: false,
} as const;

it('refuses a block that the firewall cannot write as it is meant, one or many', async () => {
  await expect(addBlock(context, runner, REQUEST)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('ufw cannot close all but the trap') as string,
  });
  const { added, refused } = await addBlocks(context, runner, [REQUEST], 'import');
  expect(added).toBe(0);
  expect(refused).toMatchObject([{ target: '203.0.113.7' }]);
});
