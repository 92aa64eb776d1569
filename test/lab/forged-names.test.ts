import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from './lab.js';
import { lookPolitely, runJson } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'python3']);
const FORGER = fileURLToPath(new URL('forged-names.py', import.meta.url));
const HOPPER = fileURLToPath(new URL('hopper.mjs', import.meta.url));
const TRUNK = '203.0.113.40';
const STRANGERS = 5_000;

interface Status {
  readonly blocking: { readonly unproven_breaker_tripped: boolean };
  readonly counts: { readonly received: number; readonly protectedSpared: number };
}

describe.skipIf(needs.skip)(`a flood in the names of others ${needs.note}`, () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await createLab();
  });

  afterEach(async () => {
    await lab.close();
  });

  it('never blocks trunk or own address, trips the breaker, and the agent goes on', async () => {
    const { ipv4: own, device } = lab.agent;
    // Without this the kernel drops what comes in our own name, which must not be what saves us.
    for (const name of ['all', device]) {
      const settings = [
        `net.ipv4.conf.${name}.accept_local=1`,
        `net.ipv4.conf.${name}.rp_filter=0`,
      ];
      await lab.agent.exec('sysctl', ['-q', '-w', ...settings]);
    }
    await lab.agent.exec('ip', ['route', 'add', 'default', 'via', lab.attacker.ipv4]);
    const agent = await startAgent(lab, { env: { SENTRYPEER_BLOCKING_PROTECT: TRUNK } });
    const { stdout } = await lab.attacker.exec('python3', [
      FORGER,
      own,
      String(STRANGERS),
      TRUNK,
      own,
    ]);
    expect(Number(stdout)).toBe(STRANGERS * 2.4);
    const status = () => runJson<Status>(lab.agent, agent.stateDir, ['status']);
    await waitUntil('the breaker trips', async () => {
      const { blocking } = await status();
      return blocking.unproven_breaker_tripped;
    });
    const { counts } = await status();
    // Trunk and own address did reach the threshold, and were spared.
    expect(counts.protectedSpared).toBeGreaterThanOrEqual(2);
    const list = ['blocks', 'list', '--all', '--limit', '1000'];
    const { blocks } = await runJson<{ blocks: { target: string; scope: string }[] }>(
      lab.agent,
      agent.stateDir,
      list,
    );
    const targets = blocks.map(({ target }) => target);
    expect(targets).not.toContain(`${TRUNK}/32`);
    expect(targets).not.toContain(`${own}/32`);
    expect(blocks.every(({ scope }) => scope === 'sip')).toBe(true);
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks.length).toBeLessThan(1000);
    const rules = await lab.agent.exec('nft', ['list', 'chain', 'inet', 'sentrypeer', 'limit_sip']);
    expect(rules.stdout).toContain('limit rate over');
    await waitUntil(
      'a stranger is answered again',
      async () => (await lookPolitely(lab.attacker, lab.attacker.ipv4, own)) !== 'silence',
    );
    await agent.stop('SIGTERM');
  }, 60_000);

  it('blocks one attacker who hops through his /64 once, and neighbours are still found', async () => {
    const { ipv6: own } = lab.agent;
    const agent = await startAgent(lab, {
      env: { SENTRYPEER_LISTEN_ADDRESS: '0.0.0.0, ::', SENTRYPEER_BLOCKING_UNPROVEN: 'all' },
    });
    for (let hop = 1; hop <= 20; hop += 1) await lab.addAttackerAddress(`2001:db8:5:6::${hop}`);
    await lab.attacker.exec(process.execPath, [HOPPER, own, '2001:db8:5:6::', '20']);
    interface Listed {
      readonly blocks: { readonly target: string }[];
    }
    const blocks = async (): Promise<string[]> => {
      const { blocks: found } = await runJson<Listed>(lab.agent, agent.stateDir, [
        'blocks',
        'list',
        '--all',
      ]);
      return found.map(({ target }) => target);
    };
    await waitUntil('he is blocked', async () => (await blocks()).length > 0);
    expect(await blocks()).toEqual(['2001:db8:5:6::/64']);
    await lab.agent.exec('ip', ['-6', 'neighbour', 'flush', 'dev', lab.agent.device]);
    await lab.attacker.exec('ip', ['-6', 'neighbour', 'flush', 'dev', lab.attacker.device]);
    expect(await lookPolitely(lab.attacker, lab.attacker.ipv6, own)).not.toBe('silence');
    expect(await lookPolitely(lab.attacker, '2001:db8:5:6::7', own)).toBe('silence');
    await agent.stop('SIGTERM');
  }, 60_000);
});
