import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlocksListing } from '../../src/api/views/block.js';
import type { EventView } from '../../src/api/views/event.js';
import type { StatusView } from '../../src/api/views.js';
import { createNftables } from '../../src/firewall/nftables/nftables.js';
import { startKamailio } from './kamailio.js';
import { createLab, type Lab } from './lab.js';
import { runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent, type LabAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'ss', 'kamailio', 'svwar', 'svcrack']);
const PHONES = fileURLToPath(new URL('pbx-phones.mjs', import.meta.url));

const OFFICE = '198.51.100.20';
const SPRAYER = '198.51.100.21';
const WALKER = '198.51.100.22';

/** A real Kamailio with its own siptrace; the trap is on another port, and hears nothing of it all. */
describe.skipIf(needs.skip)(`a PBX that mirrors over HEP ${needs.note}`, () => {
  let lab: Lab;
  let agent: LabAgent;

  beforeAll(async () => {
    lab = await createLab();
    for (const address of [OFFICE, SPRAYER, WALKER]) await lab.addAttackerAddress(address);
    await startKamailio(lab);
    const env = {
      SENTRYPEER_HEP_LISTEN: `${lab.agent.ipv4}:9060`,
      SENTRYPEER_HEP_SENDERS: lab.agent.ipv4,
      SENTRYPEER_HEP_KEY: 's3cret',
    };
    agent = await startAgent(lab, { env });
  }, 60_000);

  afterAll(async () => {
    await lab.close();
  });

  const register = async (from: string, everyMs: number, words: readonly string[]) => {
    const all = [PHONES, from, lab.agent.ipv4, String(everyMs), ...words];
    const { stdout } = await lab.attacker.exec(process.execPath, all, { msMax: 60_000 });
    return stdout.trim().split('\n');
  };
  const accounts = (first: number, count: number): readonly string[] =>
    Array.from({ length: count }, (_, n) => String(first + n));
  const inKernel = async (): Promise<readonly string[]> => {
    const firewall = createNftables({ command: [...lab.agent.prefix, 'nft'] });
    return (await firewall.read()).blocks.map(({ target, scope }) => `${target} ${scope}`);
  };
  const blocks = async () =>
    (await runJson<BlocksListing>(lab.agent, agent.stateDir, ['blocks', 'list', '--all'])).blocks;

  it('goes on beside it, on another port, and says so', () => {
    const said = [...agent.stdout, ...agent.stderr].join('\n');
    expect(said).toContain(
      'port 5060 is in use, and kamailio runs on this host: the trap listens on port 5070',
    );
    expect(said).toContain('udp 0.0.0.0:5070');
  });

  it('leaves an office alone whose phones register, three of them with an old password', async () => {
    const phones = accounts(100, 20).map((account, n) => `${account}:${n < 3 ? 'old' : 'right'}`);
    const told = [...(await register(OFFICE, 10, phones)), ...(await register(OFFICE, 10, phones))];
    expect(told.filter((line) => line.endsWith('401 200'))).toHaveLength(34);
    expect(told.filter((line) => line.endsWith('401 401'))).toHaveLength(6);
    expect(await blocks()).toEqual([]);
    const { sensors } = await runJson<StatusView>(lab.agent, agent.stateDir, ['status']);
    expect(sensors).toMatchObject([{ sensor: 'hep', trouble: null }]);
    expect(sensors[0]?.taken).toBe(2 * 2 * 40);
  });

  it('keeps what failed, and nothing of those who logged in', async () => {
    const { events } = await runJson<{ events: readonly EventView[] }>(lab.agent, agent.stateDir, [
      ...['events', 'list', '--source', OFFICE],
    ]);
    expect(new Set(events.map(({ sensor, outcome }) => `${sensor} ${outcome}`))).toEqual(
      new Set(['hep challenged', 'hep failed']),
    );
    expect(events.filter(({ outcome }) => outcome === 'failed')).toHaveLength(6);
  });

  it('blocks one who tries a password for one account after another, wholly', async () => {
    await register(
      SPRAYER,
      10,
      accounts(120, 8).map((account) => `${account}:guess`),
    );
    await waitUntil(
      'it is in the kernel',
      async () => (await inKernel()).includes(`${SPRAYER}/32 all`),
      5_000,
    );
    const block = (await blocks()).find(({ target }) => target === `${SPRAYER}/32`);
    expect(block).toMatchObject({ attack_type: 'credential_attack', proof: 'nonce', scope: 'all' });
  });

  it('closes the SIP ports to one who asks for accounts that there are not', async () => {
    await register(WALKER, 10, accounts(900, 8));
    await waitUntil(
      'it is in the kernel',
      async () => (await inKernel()).includes(`${WALKER}/32 sip`),
      5_000,
    );
    const block = (await blocks()).find(({ target }) => target === `${WALKER}/32`);
    expect(block).toMatchObject({ attack_type: 'extension_enumeration', proof: 'none' });
  });

  it.each([
    ['svwar', ['-e100-150']],
    ['svcrack', ['-u100', '-r1000-1100', '-z4']],
  ] as const)('stops %s within two seconds of the line that decides', async (tool, words) => {
    const from = lab.attacker.ipv4;
    const running = lab.attacker.spawn(programPath(tool), [...words, lab.agent.ipv4]);
    const isIn = async () => (await inKernel()).some((line) => line.startsWith(`${from}/32`));
    await waitUntil('it is in the kernel', isIn, 8_000, 5);
    const atMs = Date.now();
    const block = (await blocks()).find(({ target }) => target === `${from}/32`);
    expect(atMs - Date.parse(block?.created_at ?? '')).toBeLessThan(2_000);
    running.kill();
    await runJson(lab.agent, agent.stateDir, ['blocks', 'remove', `${from}/32`]);
    await waitUntil('it is out again', async () => !(await isIn()), 5_000);
  });
});
