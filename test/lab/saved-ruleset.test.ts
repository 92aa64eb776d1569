import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProtectTable } from '../../src/core/block/protect.js';
import { createKeeperRig, type KeeperRig } from './keeper-rig.js';
import { createLab, type Lab } from './lab.js';
import { requireLab } from './require-lab.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'iptables']);

/** What an administrator has, with what is hard to print or to read again. */
const THEIRS = `
table inet filter {
  set trusted { type ipv4_addr; flags interval; elements = { 192.0.2.0/24 } }
  set banned { type ipv4_addr; flags timeout; }
  chain input {
    type filter hook input priority filter; policy accept;
    ip saddr @trusted accept comment "office; 'quoted' { braces }"
    tcp dport 22 ct state new limit rate 10/minute accept
  }
}
table ip nat {
  chain post {
    type nat hook postrouting priority srcnat; policy accept;
    masquerade
  }
}
`;

describe.skipIf(needs.skip)(`a saved ruleset with our table in it ${needs.note}`, () => {
  let lab: Lab;
  let rig: KeeperRig;

  const nft = (...words: string[]) => lab.agent.exec('nft', words);
  const dump = async (): Promise<string> => (await nft('list', 'ruleset')).stdout;
  const load = (input: string) => lab.agent.exec('nft', ['-f', '-'], { input: `${input}\n` });
  const targets = async (): Promise<string[]> =>
    (await rig.firewall.read()).blocks.map(({ target }) => target).sort();
  const wanted = (): string[] => [...rig.state.blocks.table.byTarget.keys()].sort();
  /** Waits until no event of the last change is outstanding, then until what is wanted is in force. */
  const isTrue = async (what: string): Promise<void> => {
    let seen = '';
    const look = async (): Promise<boolean> => {
      const { present, foreign } = await rig.firewall.look();
      const found = await targets();
      seen = JSON.stringify({
        present,
        foreign,
        found: found.length,
        watched: rig.firewall.watched(),
      });
      return present && JSON.stringify(found) === JSON.stringify(wanted());
    };
    // What is wrong then can only be told from what was seen and said.
    await waitUntil(what, look).catch((error: unknown) => {
      const last = rig.said.slice(-5).join('; ');
      throw new Error(`${what}: ${seen}, repairs ${rig.keeper.stats().repairs}, said: ${last}`, {
        cause: error,
      });
    });
  };
  const theirs = (ruleset: string): string =>
    ruleset.replace(/^table inet sentrypeer \{[^]*?^\}\n?/m, '').trim();

  beforeEach(async () => {
    lab = await createLab();
    rig = createKeeperRig(lab);
    await load(THEIRS);
    await rig.keeper.sync();
  });

  afterEach(async () => {
    await rig.keeper.close();
    await lab.close();
  });

  /** Ten moments of an agent's life, each on top of those before. */
  const moments: [string, () => Promise<void> | void][] = [
    ['nothing blocked', () => undefined],
    [
      'one block',
      () => {
        rig.block('203.0.113.7');
      },
    ],
    [
      'an endless one',
      () => {
        rig.block('203.0.113.8', null);
      },
    ],
    [
      'networks',
      () => {
        ['10.9.0.0/22', '2001:db8::/56', '2001:db8:1::/64'].forEach((each) => {
          rig.block(each);
        });
      },
    ],
    [
      'IPv6 that nft prints in dotted form',
      () => {
        ['::102:304', '::ffff:0:0/96'].forEach((each) => {
          rig.block(each);
        });
      },
    ],
    [
      'a protected peer',
      async () => {
        const peers = ['192.0.2.9/32', '198.51.100.0/25'].map((target) => ({
          target,
          from: 'test',
        }));
        rig.give({ kind: 'protect', protect: createProtectTable(peers) });
        await rig.keeper.protect();
      },
    ],
    ['a storm', () => rig.firewall.limit(true)],
    [
      'one freed',
      () => {
        rig.give({ kind: 'unblock', target: '203.0.113.7/32' });
      },
    ],
    [
      'about to end',
      () => {
        rig.block('203.0.113.9', 5);
      },
    ],
    [
      '10,000 blocks',
      () => {
        for (let i = 0; i < 10_000; i += 1) rig.block(`20.0.${i >> 8}.${i & 255}`);
      },
    ],
  ];

  it('loads at every moment, after a flush or with one in it, and gives the others back as they were', async () => {
    for (const [moment, change] of moments) {
      await change();
      await rig.keeper.idle();
      const saved = await dump();
      expect(saved, moment).toContain('table inet sentrypeer {');
      expect(saved, moment).not.toContain('flags owner');
      await load(`flush ruleset\n${saved}`);
      await isTrue(`true after a load at: ${moment}`);
      expect(theirs(await dump()), moment).toBe(theirs(saved));
      await nft('flush', 'ruleset');
      await load(saved);
      await isTrue(`true after a flush and a load at: ${moment}`);
      expect(theirs(await dump()), moment).toBe(theirs(saved));
    }
    expect(rig.said.join('\n')).not.toContain('could not');
  }, 120_000);

  it('brings back nobody who was freed, and keeps out nobody who was blocked since', async () => {
    rig.block('203.0.113.7');
    await rig.keeper.idle();
    const saved = await dump();
    rig.give({ kind: 'unblock', target: '203.0.113.7/32' });
    rig.block('203.0.113.8');
    await rig.keeper.idle();
    await load(`flush ruleset\n${saved}`);
    await isTrue('an old ruleset is made true');
    expect(rig.adopted).toEqual([]);
    // Without a flush all rules stand twice and old elements beside the new.
    await load(saved);
    await isTrue('what was added is made true');
    expect((await dump()).match(/jump drop_all/g)).toHaveLength(1);
  });

  it('is loaded as well when the agent has ended, and then ends by itself', async () => {
    rig.block('203.0.113.7', 3600);
    rig.block('203.0.113.8', null);
    await rig.keeper.idle();
    const saved = await dump();
    await rig.keeper.close();
    await load(`flush ruleset\n${saved}`);
    const again = await dump();
    expect(theirs(again)).toBe(theirs(saved));
    await rig.firewall.remove();
    await load(saved);
    // No element without an end, for nobody may be there to take it away.
    const { blocks } = await rig.firewall.read();
    expect(blocks.map(({ expiresS }) => (expiresS ?? Infinity) <= 30 * 86_400)).toEqual([
      true,
      true,
    ]);
  });

  it('stands beside iptables-nft-save and -restore', async () => {
    rig.block('203.0.113.7');
    await rig.keeper.idle();
    await lab.agent.exec('iptables-nft', ['-A', 'INPUT', '-s', '192.0.2.66', '-j', 'DROP']);
    const { stdout: saved } = await lab.agent.exec('iptables-nft-save', []);
    expect(saved).not.toContain('sentrypeer');
    await lab.agent.exec('iptables-nft-restore', [], { input: `${saved}\n` });
    expect((await lab.agent.exec('iptables-nft-save', [])).stdout).toContain('192.0.2.66');
    const ruleset = await dump();
    await load(`flush ruleset\n${ruleset}`);
    await isTrue('true after that');
    expect(theirs(await dump())).toBe(theirs(ruleset));
  });
});
