import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNftables } from '../../src/firewall/nftables/nftables.js';
import { nftTable, readUdpCounters } from './counters.js';
import { createLab, type Lab } from './lab.js';
import { lookPolitely, runCommand, runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'ss', 'svmap', 'svwar', 'svcrack']);

interface Listed {
  readonly blocks: readonly {
    readonly target: string;
    readonly scope: string;
    readonly attack_type: string;
    readonly proof: string;
    readonly rule: string;
    readonly reason: string;
    readonly created_at: string;
  }[];
}

interface Told {
  readonly events: number;
  readonly sightings: readonly { readonly attack_type: string; readonly at: string }[];
  readonly blocks: readonly { readonly target: string; readonly end_how: string | null }[];
}

describe.skipIf(needs.skip)(`attacks by real programs ${needs.note}`, () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await createLab();
  });

  afterEach(async () => {
    await lab.close();
  });

  const targetsInKernel = async (): Promise<readonly string[]> => {
    const firewall = createNftables({ command: [...lab.agent.prefix, 'nft'] });
    return (await firewall.read()).blocks.map(({ target }) => target);
  };

  const isInKernel = async (address: string): Promise<boolean> =>
    (await targetsInKernel()).includes(`${address}/32`);

  const attacks = [
    // One packet each: the first alone may be forged, the second decides.
    ['svmap', 'sip_scan', (to: string) => [to, to]],
    ['svwar', 'extension_enumeration', (to: string) => ['-e100-150', to]],
    ['svcrack', 'credential_attack', (to: string) => ['-u100', '-r1000-1100', '-z4', to]],
  ] as const;

  it.each(attacks)(
    '%s is named %s, is in the kernel within a second, hears no more, and is free in the end',
    async (tool, attackType, argsFor) => {
      const { ipv4: to } = lab.agent;
      const { ipv4: from } = lab.attacker;
      const env = {
        SENTRYPEER_BLOCKING_UNPROVEN_DURATION: '10s',
        SENTRYPEER_BLOCKING_DURATION: '10s',
      };
      const agent = await startAgent(lab, { env });
      const running = lab.attacker.spawn(programPath(tool), argsFor(to));
      await waitUntil('the attacker is in the kernel', () => isInKernel(from), 8000, 5);
      const inKernelMs = Date.now();
      expect(await lookPolitely(lab.attacker, from, to)).toBe('silence');
      const { blocks } = await runJson<Listed>(lab.agent, agent.stateDir, [
        'blocks',
        'list',
        '--all',
      ]);
      expect(blocks).toMatchObject([{ target: `${from}/32`, attack_type: attackType }]);
      // The block is decided on the packet's arrival: created_at is that moment.
      expect(inKernelMs - Date.parse(blocks[0]?.created_at ?? '')).toBeLessThan(1000);
      running.kill();
      await waitUntil('the kernel lets it go', async () => !(await isInKernel(from)), 20_000);
      expect(await lookPolitely(lab.attacker, from, to)).toBe('SIP/2.0 200 OK');
      const words = ['sources', 'show', from];
      const story = await runJson<Told>(lab.agent, agent.stateDir, words);
      expect(story.sightings.map((sighting) => sighting.attack_type)).toContain(attackType);
      await runJson(lab.agent, agent.stateDir, ['jobs', 'run', 'block_expiry']);
      const after = await runJson<Told>(lab.agent, agent.stateDir, words);
      expect(after.blocks.at(-1)).toMatchObject({ end_how: 'expired' });
    },
    60_000,
  );

  it('proves svcrack by the nonce that came back, and blocks it wholly', async () => {
    // The tool's signs would give it away on the first packet, before it has proved its address.
    const folder = lab.makeFolder();
    const agent = await startAgent(lab, {
      env: { SENTRYPEER_BLOCKING_THRESHOLD: '150', SENTRYPEER_BLOCKING_UNPROVEN: 'none' },
      stateDir: folder,
    });
    const { ipv4: from } = lab.attacker;
    const running = lab.attacker.spawn(programPath('svcrack'), [
      '-u100',
      '-r1000-1100',
      '-z4',
      lab.agent.ipv4,
    ]);
    await waitUntil('svcrack is in the kernel', () => isInKernel(from), 15_000, 20);
    running.kill();
    const { blocks } = await runJson<Listed>(lab.agent, agent.stateDir, [
      'blocks',
      'list',
      '--all',
    ]);
    expect(blocks).toMatchObject([
      { target: `${from}/32`, scope: 'all', proof: 'nonce', attack_type: 'credential_attack' },
    ]);
  }, 40_000);

  it('stores as many events as the kernel delivered, when stopped in the middle of a run', async () => {
    const agent = await startAgent(lab, { env: { SENTRYPEER_BLOCKING_MODE: 'observe' } });
    const before = await readUdpCounters(lab.agent);
    const running = lab.attacker.spawn(programPath('svwar'), ['-e1000-9999', lab.agent.ipv4]);
    const delivered = async (): Promise<number> =>
      (await readUdpCounters(lab.agent)).inDatagrams - before.inDatagrams;
    await waitUntil('svwar is under way', async () => (await delivered()) > 200, 15_000);
    await agent.stop('SIGTERM');
    const inDatagrams = await delivered();
    running.kill();
    const { stdout } = await runCommand(lab.agent, agent.stateDir, ['status', '--json']);
    const { store } = JSON.parse(stdout) as { store: { events: number } };
    expect(inDatagrams).toBeGreaterThan(200);
    expect(store.events).toBe(inDatagrams);
  }, 40_000);

  it('has active blocks in the kernel again after SIGKILL, and no ended ones', async () => {
    const agent = await startAgent(lab);
    const words = (target: string, length: string) => ['blocks', 'add', target, '--for', length];
    for (const [target, length] of [
      ['192.0.2.1', '1h'],
      ['192.0.2.2', '1s'],
      ['2001:db8::/64', 'forever'],
    ] as const) {
      await runJson(lab.agent, agent.stateDir, words(target, length));
    }
    await agent.stop('SIGKILL');
    await lab.agent.exec('nft', ['flush', 'ruleset']);
    const killedMs = Date.now();
    await waitUntil('the short block is over', () => Date.now() > killedMs + 1000);
    const again = await startAgent(lab, { stateDir: agent.stateDir });
    expect(await targetsInKernel()).toEqual(['192.0.2.1/32', '2001:db8::/64']);
    await again.stop('SIGTERM');
  }, 40_000);

  it('takes its table away when a trial stops, and nothing of others', async () => {
    await lab.agent.exec('nft', ['-f', '-'], { input: 'add table inet other' });
    const agent = await startAgent(lab);
    expect(await nftTable(lab.agent)).not.toBe('');
    await agent.stop('SIGTERM');
    expect(await nftTable(lab.agent)).toBe('');
    expect(await nftTable(lab.agent, 'other')).toContain('table inet other');
  });
});
