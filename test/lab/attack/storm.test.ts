import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.js';
import { runJson } from '../program.js';
import { requireLab } from '../require-lab.js';
import { startAgent } from '../start-agent.js';

const needs = requireLab(['nft', 'python3']);
const STORM = fileURLToPath(new URL('storm.py', import.meta.url));
const ATTACKER = '10.99.1.7';
const SITE = '2001:db8:7';
const PBX_PORT = '5070';
const ECHO = [
  'import socket, sys',
  's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)',
  's.bind(("0.0.0.0", int(sys.argv[1])))',
  'print("ready", flush=True)',
  'while True: s.sendto(*s.recvfrom(100))',
].join('\n');

interface Status {
  readonly blocking: {
    readonly unproven_breaker_tripped: boolean;
    readonly storm: string | null;
  };
}

interface Listed {
  readonly blocks: readonly { readonly target: string; readonly scope: string }[];
}

interface Counted {
  readonly forged: number;
  readonly attacker_sent: number;
  readonly attacker_answered: number;
  readonly hopper_sent: number;
  readonly hopper_answered: number;
  readonly phone_sent: number;
  readonly phone_heard: number;
}

describe.skipIf(needs.skip)(`a spoofing storm ${needs.note}`, () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await createLab();
  });

  afterEach(async () => {
    await lab.close();
  });

  it('hides no attacker and no hopper, and costs the PBX beside the trap nothing', async () => {
    const { ipv4: own, ipv6: own6 } = lab.agent;
    await lab.agent.exec('ip', ['route', 'add', 'default', 'via', lab.attacker.ipv4]);
    // The other end of the cable is the gateway, which is protected.
    await lab.addAttackerAddress(ATTACKER);
    // Who holds the site has all of its addresses.
    await lab.agent.exec('ip', ['-6', 'route', 'add', `${SITE}::/48`, 'via', lab.attacker.ipv6]);
    await lab.attacker.exec('ip', ['-6', 'route', 'add', 'local', `${SITE}::/48`, 'dev', 'lo']);
    const agent = await startAgent(lab, {
      env: {
        SENTRYPEER_LISTEN_ADDRESS: '0.0.0.0, ::',
        SENTRYPEER_BLOCKING_SIP_PORTS: `trap, 5060, ${PBX_PORT}`,
      },
    });
    lab.agent.spawn('python3', ['-c', ECHO, PBX_PORT]);
    const { stdout } = await lab.attacker.exec(
      'python3',
      [STORM, own, PBX_PORT, '800', '10', ATTACKER, own6, SITE],
      {
        msMax: 50_000,
      },
    );
    // Counts are shown beside a failure.
    const counted = JSON.parse(stdout) as Counted;
    const { blocking } = await runJson<Status>(lab.agent, agent.stateDir, ['status']);
    expect(blocking, stdout).toMatchObject({
      unproven_breaker_tripped: true,
      storm: 'more than 600 new unproven sources in a minute',
    });
    expect(counted.attacker_answered, stdout).toBeGreaterThan(0);
    expect(counted.attacker_sent, stdout).toBeLessThanOrEqual(60);
    expect(counted.hopper_answered, stdout).toBeGreaterThan(0);
    expect(counted.hopper_sent, stdout).toBeLessThanOrEqual(60);
    const list = ['blocks', 'list', '--all', '--limit', '1000'];
    const { blocks } = await runJson<Listed>(lab.agent, agent.stateDir, list);
    const site = blocks.filter(({ target }) => target === `${SITE}::/48`);
    expect(site, stdout).toMatchObject([{ scope: 'sip' }]);
    expect(counted.phone_sent, stdout).toBeGreaterThan(50);
    expect(counted.phone_heard, stdout).toBeGreaterThanOrEqual(counted.phone_sent * 0.99);
    await agent.stop('SIGTERM');
  }, 90_000);
});
