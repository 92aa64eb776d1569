import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNftables } from '../../src/firewall/nftables/nftables.js';
import { foreignRuleset, nftTable } from './counters.js';
import type { Lab } from './lab.js';
import { createNftRig, desired, type NftRig } from './nft-rig.js';
import { requireLab } from './require-lab.js';

const needs = requireLab(['nft', 'setpriv']);
const IPV4 = '192.0.2.7';

describe.skipIf(needs.skip)(`the nftables table in a real kernel ${needs.note}`, () => {
  let lab: Lab;
  let firewall: NftRig['firewall'];
  let add: NftRig['add'];
  let remove: NftRig['remove'];

  beforeAll(async () => {
    ({ lab, firewall, add, remove } = await createNftRig());
  });

  afterAll(async () => {
    await lab.close();
  });

  beforeEach(async () => {
    await firewall.sync(desired());
  });

  it('extends and shortens a block, and takes its end away', async () => {
    const expires = async (): Promise<unknown> => (await firewall.read()).blocks[0]?.expiresS;
    await add(`${IPV4}/32`, 'all', 100);
    await add(`${IPV4}/32`, 'all', 1000);
    expect(await expires()).toBeGreaterThan(900);
    await add(`${IPV4}/32`, 'all', 50);
    expect(await expires()).toBeLessThanOrEqual(50);
    await add(`${IPV4}/32`, 'all', null);
    expect(await expires()).toBeGreaterThan(29 * 86_400);
  });

  it.each([99_999_999, 100_000_000, 3650 * 86_400, 1e12, Number.MAX_SAFE_INTEGER])(
    'takes a block of %i seconds, alone and in a whole table',
    async (timeoutS) => {
      await add(`${IPV4}/32`, 'all', timeoutS);
      expect((await firewall.read()).blocks).toHaveLength(1);
      const blocks = [{ target: `${IPV4}/32`, scope: 'all' as const, timeoutS }];
      await firewall.sync(desired({ blocks }));
      expect((await firewall.read()).blocks).toHaveLength(1);
    },
  );

  it('writes an endless block so that it ends where no agent renews it', async () => {
    const blocks = [{ target: `${IPV4}/32`, scope: 'all' as const, timeoutS: null }];
    await firewall.sync(desired({ blocks }));
    expect((await firewall.read()).blocks[0]?.expiresS).toBeLessThanOrEqual(30 * 86_400);
  });

  it('removes what is absent without a word', async () => {
    await remove('198.51.100.1/32');
    await remove('198.51.100.0/25', 'sip');
    await remove('2001:db8::/64', 'sip');
    expect((await firewall.read()).blocks).toEqual([]);
  });

  it('puts 10,000 blocks in force at once and reads them back', async () => {
    const blocks = Array.from({ length: 10_000 }, (_, index) => ({
      target: `10.${100 + (index >> 8)}.${index & 255}.1/32`,
      scope: 'all' as const,
      timeoutS: 3600,
    }));
    await firewall.sync(desired({ blocks }));
    const { blocks: actual } = await firewall.read();
    expect(new Set(actual.map((block) => block.target))).toEqual(
      new Set(blocks.map((block) => block.target)),
    );
  });

  it('says that a set is full, and still refreshes what is in it', async () => {
    await firewall.sync(desired({ blocksMax: 2 }));
    await add('198.51.100.1/32');
    await add('198.51.100.2/32');
    await expect(add('198.51.100.3/32')).rejects.toMatchObject({
      code: 'FIREWALL_FAILED',
      message: expect.stringContaining('is full') as string,
      remedy: expect.stringContaining('max_blocks') as string,
    });
    await add('198.51.100.2/32', 'all', 5);
    const { blocks } = await firewall.read();
    expect(blocks.map((block) => block.target).sort()).toEqual([
      '198.51.100.1/32',
      '198.51.100.2/32',
    ]);
  });

  it('says that its table is gone, and is whole again after a sync', async () => {
    await add(`${IPV4}/32`);
    await lab.agent.exec('nft', ['flush', 'ruleset']);
    await expect(add(`${IPV4}/32`)).rejects.toMatchObject({ code: 'FIREWALL_GONE' });
    expect(await firewall.read()).toEqual({ present: false, protect: [], blocks: [] });
    expect(await firewall.print()).toBe('');
    await firewall.sync(desired());
    await lab.agent.exec('nft', ['flush', 'table', 'inet', 'sentrypeer']);
    expect((await firewall.read()).present).toBe(false);
    await firewall.sync(desired());
    expect((await firewall.read()).present).toBe(true);
  });

  it('works on a table that another process wrote anew', async () => {
    await add('198.51.100.0/23');
    const other = createNftables({ command: [...lab.agent.prefix, 'nft'] });
    await other.sync(desired());
    await add('198.51.102.0/23');
    await other.apply([{ kind: 'add', target: `${IPV4}/32`, scope: 'all', timeoutS: 9 }]);
    expect((await firewall.read()).blocks.map((block) => block.target).sort()).toEqual([
      `${IPV4}/32`,
      '198.51.102.0/23',
    ]);
  });

  it('never touches the tables of others, and takes its own away', async () => {
    await firewall.remove();
    await firewall.remove();
    await lab.agent.exec('nft', ['-f', '-'], {
      input: `table inet filter { set s { type ipv4_addr; elements = { 192.0.2.7 }; }
              chain input { type filter hook input priority filter; policy accept;
                            ip saddr @s udp dport 9 drop; }; }
              table ip sentrypeer { chain c { counter; }; }`,
    });
    const before = await foreignRuleset(lab.agent);
    expect(before).toContain('"filter"');
    await firewall.probe();
    expect(await nftTable(lab.agent)).toBe('');
    await firewall.sync(desired({ blocks: [{ target: '10.0.0.0/8', scope: 'all', timeoutS: 9 }] }));
    await add(`${IPV4}/32`);
    await firewall.probe();
    expect(await foreignRuleset(lab.agent)).toBe(before);
    expect((await firewall.read()).blocks.length).toBe(2);
    expect(await firewall.print()).toContain('jump drop_all');
    expect(await firewall.print()).not.toContain('10.0.0.0');
    await firewall.remove();
    expect(await nftTable(lab.agent)).toBe('');
    expect(await foreignRuleset(lab.agent)).toBe(before);
    await lab.agent.exec('nft', ['flush', 'ruleset']);
  });

  it('says so when the user has not the right, and that it has with CAP_NET_ADMIN', async () => {
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const denied = createNftables({ command: [...lab.agent.prefix, ...asNobody, 'nft'] });
    const refusal = {
      code: 'FIREWALL_DENIED',
      remedy: 'run the agent as root or with CAP_NET_ADMIN',
    };
    const block = { target: `${IPV4}/32`, scope: 'all', timeoutS: 9 } as const;
    await expect(denied.probe()).rejects.toMatchObject(refusal);
    await expect(denied.sync(desired())).rejects.toMatchObject(refusal);
    await expect(denied.apply([{ kind: 'add', ...block }])).rejects.toMatchObject(refusal);
    await expect(denied.read()).rejects.toMatchObject(refusal);
    const capable = ['--inh-caps=+net_admin', '--ambient-caps=+net_admin'];
    const allowed = createNftables({
      command: [...lab.agent.prefix, ...asNobody, ...capable, 'nft'],
    });
    expect(await allowed.probe()).toMatch(/^nftables v.*, table inet sentrypeer$/);
    await allowed.apply([{ kind: 'add', ...block }]);
    const { blocks } = await allowed.read();
    expect(blocks.map((each) => each.target)).toEqual([`${IPV4}/32`]);
  });

  it('says so when nft is missing', async () => {
    const missing = createNftables({ command: ['/nonexistent/nft'] });
    await expect(missing.probe()).rejects.toMatchObject({ code: 'FIREWALL_MISSING' });
    await expect(missing.sync(desired())).rejects.toMatchObject({ code: 'FIREWALL_MISSING' });
  });
});
