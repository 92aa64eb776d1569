import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FirewallChange } from '../../src/core/model/block.js';
import { AgentError } from '../../src/core/common/errors.js';
import type { DesiredFirewall } from '../../src/firewall/port.js';
import { createProtectTable } from '../../src/core/block/protect.js';
import { foreignRuleset } from './counters.js';
import { createKeeperRig, type KeeperRig } from './keeper-rig.js';
import { createLab, type Lab } from './lab.js';
import { desired } from './nft-rig.js';
import { requireLab } from './require-lab.js';
import { startTalker } from './talker.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft']);

describe.skipIf(needs.skip)(`keeping the firewall true in a real kernel ${needs.note}`, () => {
  let lab: Lab;
  let rig: KeeperRig;
  const opened: KeeperRig[] = [];

  const openRig = (...how: [('trial' | 'installed')?, string?]): KeeperRig => {
    const made = createKeeperRig(lab, ...how);
    opened.push(made);
    return made;
  };
  const nft = (...words: string[]) => lab.agent.exec('nft', words);
  const targets = async (): Promise<string[]> =>
    (await rig.firewall.read()).blocks.map(({ target }) => target).sort();
  const isThere = async (target: string): Promise<boolean> => (await targets()).includes(target);

  beforeEach(async () => {
    lab = await createLab();
    rig = openRig();
    await rig.keeper.sync();
  });

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.keeper.close();
    await lab.close();
  });

  it.each([
    ['the whole ruleset is flushed', ['flush', 'ruleset']],
    ['our table is deleted', ['delete', 'table', 'inet', 'sentrypeer']],
    ['our rules are flushed and the sets stay', ['flush', 'table', 'inet', 'sentrypeer']],
    ['one of our chains is flushed', ['flush', 'chain', 'inet', 'sentrypeer', 'prerouting']],
  ])('is whole again by itself after %s', async (_what, words) => {
    rig.block('203.0.113.7');
    rig.block('2001:db8::/64', null);
    await rig.keeper.idle();
    await lab.agent.exec('nft', ['-f', '-'], { input: 'add table inet other' });
    await nft(...words);
    await waitUntil('it is repaired', () => rig.keeper.stats().repairs > 0);
    expect(await targets()).toEqual(['2001:db8::/64', '203.0.113.7/32']);
    expect(rig.keeper.stats().lastRepair).toContain('taken away');
    expect((await rig.firewall.look()).present).toBe(true);
  });

  it.each(['firewalld', 'a', 'z_0'])('is whole again and again beside table %s', async (name) => {
    rig.block('10.0.0.1');
    await rig.keeper.idle();
    await nft('flush', 'ruleset');
    await waitUntil('it is repaired', () => rig.keeper.stats().repairs === 1);
    await nft('add', 'table', 'inet', name);
    await nft('delete', 'table', 'inet', 'sentrypeer');
    await waitUntil('it is repaired again', () => rig.keeper.stats().repairs === 2);
    await nft('flush', 'table', 'inet', 'sentrypeer');
    await waitUntil('and once more', () => rig.keeper.stats().repairs === 3);
    expect(await targets()).toEqual(['10.0.0.1/32']);
    expect(rig.said.join('\n')).not.toContain('could not');
  });

  it('hears at once when its rules are taken away, and says when it does not hear', async () => {
    expect(rig.keeper.stats().guarded).toBe(true);
    const { stdout } = await lab.agent.exec('pgrep', ['-P', String(process.pid), '-x', 'nft']);
    await lab.agent.exec('kill', ['-9', ...stdout.split('\n')], { reject: false });
    await waitUntil('it is seen', () => !rig.keeper.stats().guarded);
  });

  it('writes all but the one block that nft refuses, names it, and counts it as differing', async () => {
    const apply = rig.firewall.apply.bind(rig.firewall);
    const sync = rig.firewall.sync.bind(rig.firewall);
    const isBad = ({ target }: { target: string }): boolean => target === '10.0.0.2/32';
    const refused = new AgentError('FIREWALL_FAILED', 'nft refused: value too large', 'none');
    Object.assign(rig.firewall, {
      apply: (changes: readonly FirewallChange[]) =>
        changes.some(isBad) ? Promise.reject(refused) : apply(changes),
      sync: (all: DesiredFirewall) =>
        all.blocks.some(isBad) ? Promise.reject(refused) : sync(all),
      restore: () => Promise.resolve(false),
    });
    for (const last of [1, 2, 3]) rig.block(`10.0.0.${last}`);
    await rig.keeper.idle();
    await nft('flush', 'ruleset');
    await waitUntil('it is repaired', () => rig.keeper.stats().repairs > 0);
    expect(await targets()).toEqual(['10.0.0.1/32', '10.0.0.3/32']);
    expect(rig.said.join('\n')).toMatch(/not in force: add 10\.0\.0\.2\/32: nft refused/);
    const { differing, lastError } = rig.keeper.stats();
    expect(differing).toBe(1);
    expect(lastError).toContain('value too large');
  });

  it('says that all differs when nothing can be written, and writes it once that works', async () => {
    const sync = rig.firewall.sync.bind(rig.firewall);
    const refused = new AgentError('FIREWALL_FAILED', 'nft refused: no', 'none');
    let isRefusing = true;
    Object.assign(rig.firewall, {
      sync: (all: DesiredFirewall) => (isRefusing ? Promise.reject(refused) : sync(all)),
      restore: () => Promise.resolve(false),
    });
    rig.block('10.0.0.1');
    rig.block('10.0.0.2');
    await rig.keeper.idle();
    await nft('flush', 'ruleset');
    await waitUntil('it is tried', () => rig.keeper.stats().lastError !== null);
    await rig.keeper.idle();
    expect(rig.keeper.stats().differing).toBe(2);
    isRefusing = false;
    await rig.keeper.check('quick');
    expect(await targets()).toEqual(['10.0.0.1/32', '10.0.0.2/32']);
    expect(rig.keeper.stats()).toMatchObject({ lastError: null, differing: null });
  });

  it('adds and removes through the long-lived nft, keeping order', async () => {
    for (let round = 0; round < 50; round += 1) {
      rig.block(`10.0.0.${round}`);
      if (round % 2 === 0) rig.give({ kind: 'unblock', target: `10.0.0.${round}/32` });
    }
    await rig.keeper.idle();
    expect((await targets()).length).toBe(25);
    expect(await isThere('10.0.0.1/32')).toBe(true);
    expect(await isThere('10.0.0.2/32')).toBe(false);
  });

  it('finds at a full look what somebody removed, added long ago, or gave another end', async () => {
    for (const last of ['1', '2', '3']) rig.block(`10.0.0.${last}`);
    await rig.keeper.idle();
    rig.shiftS = 10;
    await nft('delete', 'element', 'inet', 'sentrypeer', 'all_ipv4_32', '{ 10.0.0.1 }');
    await nft('delete', 'element', 'inet', 'sentrypeer', 'all_ipv4_32', '{ 10.0.0.2 }');
    await nft('add', 'element', 'inet', 'sentrypeer', 'all_ipv4_32', '{ 10.0.0.2 timeout 60s }');
    const old = '{ 10.0.0.9 timeout 2h expires 1h }';
    await nft('add', 'element', 'inet', 'sentrypeer', 'sip_ipv4_32', old);
    expect(await rig.keeper.check('full')).toMatch(/2 blocks were missing.*1 were not ours/);
    expect(await targets()).toEqual(['10.0.0.1/32', '10.0.0.2/32', '10.0.0.3/32']);
    const { blocks } = await rig.firewall.read();
    for (const { expiresS } of blocks) expect(expiresS).toBeGreaterThan(3500);
    expect(await rig.keeper.check('full')).toBe('3 blocks, as they should be');
    expect(rig.keeper.stats()).toMatchObject({ actual: 3, differing: 0 });
  });

  it('renews an endless and a very long block at half of its time, and not before', async () => {
    rig.block('10.0.0.1', null);
    rig.block('10.0.0.2', 3650 * 86_400);
    await rig.keeper.idle();
    rig.shiftS = 10;
    expect(await rig.keeper.check('full')).toBe('2 blocks, as they should be');
    for (const last of [1, 2]) {
      const element = `{ 10.0.0.${last} timeout 30d expires 14d }`;
      await nft('delete', 'element', 'inet', 'sentrypeer', 'all_ipv4_32', `{ 10.0.0.${last} }`);
      await nft('add', 'element', 'inet', 'sentrypeer', 'all_ipv4_32', element);
    }
    expect(await rig.keeper.check('full')).toMatch(/2 blocks were missing or had another end/);
    const { blocks } = await rig.firewall.read();
    for (const { expiresS } of blocks) expect(expiresS).toBeGreaterThan(29 * 86_400);
  });

  it('takes out of its table what others put there, and says so once', async () => {
    const { state } = rig;
    state.blocks = {
      ...state.blocks,
      protect: createProtectTable([{ target: '192.0.2.7/32', from: 'test' }]),
    };
    await rig.keeper.sync();
    const strange = ['inet', 'sentrypeer'];
    await nft('insert', 'rule', ...strange, 'drop_all', 'ip', 'saddr', '10.0.0.1', 'accept');
    await waitUntil('it is repaired', () => rig.keeper.stats().repairs === 1);
    expect(rig.said.at(-1)).toContain('chain drop_all: ip saddr 10.0.0.1 accept');
    for (const words of [
      ['add', 'chain', ...strange, 'mine'],
      ['add', 'set', ...strange, 'mine', '{ type ipv4_addr; }'],
      ['add', 'element', ...strange, 'protect_ipv4_32', '{ 10.0.0.1 }'],
      ['add', 'element', ...strange, 'sip_ports', '{ 22 }'],
      ['delete', 'element', ...strange, 'protect_ipv4_32', '{ 192.0.2.7 }'],
    ]) {
      await nft(...words);
      expect(await rig.keeper.check('quick'), words.join(' ')).toContain('others had changed');
      expect(await rig.keeper.check('quick')).not.toContain('others had changed');
    }
    expect(rig.keeper.stats().repairs).toBe(6);
    expect((await rig.firewall.read()).protect).toEqual(['192.0.2.7/32']);
    // What it does itself is not taken for the work of others.
    rig.block('10.9.0.0/22');
    rig.keeper.limit(true);
    await rig.keeper.protect();
    await rig.keeper.idle();
    expect(await rig.keeper.check('quick')).not.toContain('others had changed');
    await nft('add', 'element', ...strange, 'sip_ipv4_32', '{ 10.0.0.2 timeout 1h }');
    await rig.keeper.check('full');
    expect(await targets()).toEqual(['10.9.0.0/22']);
    expect(rig.adopted).toEqual([]);
  });

  it('adopts a young element without a block where it wrote none, but not one that was just freed', async () => {
    await rig.keeper.close();
    rig = openRig();
    rig.block('10.0.0.1');
    rig.give({ kind: 'unblock', target: '10.0.0.1/32' });
    await rig.keeper.idle();
    for (const address of ['10.0.0.1', '10.0.0.2']) {
      await nft('add', 'element', 'inet', 'sentrypeer', 'sip_ipv4_32', `{ ${address} timeout 1h }`);
    }
    await rig.keeper.check('full');
    expect(rig.adopted).toMatchObject([{ target: '10.0.0.2/32', scope: 'sip' }]);
    expect(await isThere('10.0.0.1/32')).toBe(false);
  });

  it('tries again what the kernel refused, and says so once', async () => {
    await rig.firewall.sync(desired({ blocksMax: 2 }));
    for (const last of ['1', '2', '3']) rig.block(`10.0.0.${last}`, last === '1' ? 1 : 600);
    await rig.keeper.idle();
    expect(rig.keeper.stats().retrying).toBe(1);
    expect(rig.keeper.stats().lastError).toContain('is full');
    // The first one ends after a second, and the next attempt finds room.
    await waitUntil('there is room', () => isThere('10.0.0.3/32'), 8000);
    expect(rig.keeper.stats()).toMatchObject({ retrying: 0, lastError: null });
    expect(rig.said.filter((line) => line.includes('is full')).length).toBe(1);
  });

  const killNft = async (): Promise<void> => {
    const { stdout } = await lab.agent.exec('pgrep', ['-P', String(process.pid), '-x', 'nft']);
    const children = stdout.split('\n').filter((pid) => pid !== '');
    expect(children.length).toBeGreaterThan(0);
    // A short one may have ended by now.
    await lab.agent.exec('kill', ['-9', ...children], { reject: false });
  };

  it('puts a crowd in force side by side, and loses none when its nft is killed amid it', async () => {
    const crowd = Array.from({ length: 600 }, (_, at) => `10.1.${at >> 8}.${at & 255}`);
    for (const source of crowd) rig.block(source);
    expect(rig.keeper.stats().waiting).toBe(600);
    await killNft();
    for (const source of ['10.2.0.1', '2001:db8:2::1']) rig.block(source);
    rig.give({ kind: 'unblock', target: '10.1.0.7/32' });
    await rig.keeper.idle();
    const wanted = crowd.filter((each) => each !== '10.1.0.7').map((each) => `${each}/32`);
    expect(new Set(await targets())).toEqual(
      new Set([...wanted, '10.2.0.1/32', '2001:db8:2::1/128']),
    );
  });

  it('goes on when its long-lived nft is killed', async () => {
    rig.block('10.0.0.1');
    await rig.keeper.idle();
    await killNft();
    rig.block('10.0.0.2');
    await rig.keeper.idle();
    expect(await targets()).toEqual(['10.0.0.1/32', '10.0.0.2/32']);
  });

  it('adds up packets dropped over a table that was written anew', async () => {
    await lab.addAttackerAddress('192.0.2.7');
    const attacker = startTalker(lab.attacker);
    rig.block('192.0.2.7');
    await rig.keeper.idle();
    const probe = { from: '192.0.2.7', to: lab.agent.ipv4, port: 5060 };
    for (const flow of ['a', 'b']) expect(await attacker.udp({ flow, ...probe })).toBe('silence');
    await rig.keeper.check('full');
    expect([...rig.drops.values()]).toEqual([2]);
    await nft('flush', 'ruleset');
    await waitUntil('it is repaired', () => rig.keeper.stats().repairs > 0);
    expect(await attacker.udp({ flow: 'c', ...probe })).toBe('silence');
    await rig.keeper.check('full');
    expect([...rig.drops.values()]).toEqual([3]);
  });

  it('changes the protected peers without touching blocks, also to other lengths', async () => {
    rig.block('10.0.0.1');
    const protectAs = async (...peers: string[]): Promise<readonly string[]> => {
      const protect = createProtectTable(peers.map((target) => ({ target, from: 'lab' })));
      rig.give({ kind: 'protect', protect });
      await rig.keeper.protect();
      await rig.keeper.idle();
      return (await rig.firewall.read()).protect;
    };
    expect(await protectAs('192.0.2.1/32', '198.51.100.0/24')).toEqual([
      '192.0.2.1/32',
      '198.51.100.0/24',
    ]);
    expect(await protectAs('2001:db8::/48')).toEqual(['2001:db8::/48']);
    expect(await targets()).toEqual(['10.0.0.1/32']);
    expect((await rig.firewall.look()).present).toBe(true);
    expect(await protectAs('10.0.0.0/8')).toEqual(['10.0.0.0/8']);
    expect(await targets()).toEqual([]);
  });

  it('limits the SIP ports while a storm is on, and ceases to', async () => {
    await rig.firewall.limit(true);
    expect(await rig.firewall.print()).toContain('limit rate over 100/second');
    expect((await rig.firewall.look()).present).toBe(true);
    await rig.firewall.limit(false);
    expect(await rig.firewall.print()).not.toContain('limit rate over 100/second');
  });

  it('stands back when another agent has taken the table over, and leaves it to that one', async () => {
    rig.block('10.0.0.1');
    await rig.keeper.idle();
    const other = openRig('installed', '/srv/other.db');
    other.block('10.0.0.2');
    await other.keeper.sync();
    await waitUntil('it stands back', () => !rig.keeper.chosen.enforcing);
    expect(rig.keeper.chosen.why).toContain('/srv/other.db');
    expect([...rig.state.blocks.table.byTarget.values()].map(({ simulated }) => simulated)).toEqual(
      [true],
    );
    await rig.keeper.remove();
    expect(await targets()).toEqual(['10.0.0.2/32']);
  });

  it('leaves what others wrote byte for byte while it is flushed and repaired', async () => {
    await lab.agent.exec('nft', ['-f', '-'], {
      input: 'table inet filter { set s { type ipv4_addr; elements = { 192.0.2.7 }; }; }',
    });
    const before = await foreignRuleset(lab.agent);
    for (let round = 1; round <= 5; round += 1) {
      rig.block(`10.0.1.${round}`);
      await nft('delete', 'table', 'inet', 'sentrypeer');
      await waitUntil('it is repaired', () => rig.keeper.stats().repairs >= round);
    }
    expect(await foreignRuleset(lab.agent)).toBe(before);
    await rig.keeper.idle();
    expect((await targets()).length).toBe(5);
  });
});
