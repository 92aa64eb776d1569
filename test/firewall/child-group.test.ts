import { describe, expect, it } from 'vitest';
import { createNftChild } from '../../src/firewall/nftables/child.js';
import { runNft } from '../../src/firewall/nftables/run.js';
import { visitTable } from '../../src/firewall/nftables/stream.js';
import { watchTable } from '../../src/firewall/nftables/watch.js';
import { createHook } from '../../src/firewall/hook.js';
import { LIMITS } from '../../src/core/common/limits.js';

/** Leaves its pipes to a grandchild, in its group or (`setsid`) not, and ends. */
const leaves = (before: string): readonly string[] => [
  'sh',
  '-c',
  `${before} sleep 30 & exit 0`,
  'sh',
];

describe.each([
  ['in its group', leaves('')],
  ['in a session of its own', leaves('setsid')],
])('a program that leaves its pipes to a grandchild %s', (_where, command) => {
  it('is ended when its time is over, as a call of nft', async () => {
    await expect(runNft(command, { args: [], input: null, msMax: 200 })).rejects.toMatchObject({
      code: 'FIREWALL_FAILED',
      message: 'nft did not finish within 200 ms',
    });
  });

  it('is ended as a listing', async () => {
    const limits = LIMITS as { firewallBulkMsMax: number };
    const before = limits.firewallBulkMsMax;
    limits.firewallBulkMsMax = 200;
    try {
      await expect(visitTable(command, 't', () => undefined)).rejects.toMatchObject({
        code: 'FIREWALL_FAILED',
      });
    } finally {
      limits.firewallBulkMsMax = before;
    }
  });

  it('is ended as the long-lived nft', async () => {
    const child = createNftChild(command);
    expect((await child.run('add table inet t')).kind).toBe('unknown');
    await child.close();
  }, 20_000);

  it('is ended as the watch', async () => {
    await watchTable(command, 't', () => undefined).close();
  });

  it('is ended as a hook', async () => {
    const hook = createHook({ hookCommand: command, hookMsMax: 200 });
    await expect(hook.probe()).rejects.toMatchObject({ code: 'FIREWALL_FAILED' });
  });
});
