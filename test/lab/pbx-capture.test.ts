import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlocksListing } from '../../src/api/views/block.js';
import type { StatusView } from '../../src/api/views.js';
import { createNftables } from '../../src/firewall/nftables/nftables.js';
import { readHep } from '../../src/records/hep/hep.js';
import { startKamailio } from './kamailio.js';
import { createLab, type Lab } from './lab.js';
import { runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent, type LabAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'ss', 'kamailio', 'tcpdump', 'sipsak']);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PHONES = join(ROOT, 'test/lab/pbx-phones.mjs');
const HEAR = join(ROOT, 'test/lab/hear-hep.mjs');
const OFFICE = '198.51.100.30';
const SPRAYER = '198.51.100.31';
const WALKER = '198.51.100.32';

/** Nobody tells the agent of the PBX: it sees what passes the cable, by the real tcpdump. */
describe.skipIf(needs.skip)(`a PBX beside which packets are captured ${needs.note}`, () => {
  let lab: Lab;
  let agent: LabAgent;

  beforeAll(async () => {
    lab = await createLab();
    for (const address of [OFFICE, SPRAYER, WALKER]) await lab.addAttackerAddress(address);
    await startKamailio(lab);
    const env = {
      SENTRYPEER_LISTEN_PORT: '5070',
      SENTRYPEER_BLOCKING_SIP_PORTS: 'trap, 5060',
      SENTRYPEER_CAPTURE_INTERFACE: lab.agent.device,
      SENTRYPEER_CAPTURE_PORTS: '5060, 5070',
      SENTRYPEER_HEP_SEND_TO: `${lab.attacker.ipv4}:9060`,
      SENTRYPEER_HEP_SEND_KEY: 's3cret',
    };
    agent = await startAgent(lab, { env });
    await waitUntil(
      'it captures',
      async () => {
        await lab.attacker.exec('sipsak', ['-s', `sip:1@${lab.agent.ipv4}`], { reject: false });
        return (await sensor()).taken > 0;
      },
      10_000,
      50,
    );
  }, 60_000);

  afterAll(async () => {
    await lab.close();
  });

  const status = () => runJson<StatusView>(lab.agent, agent.stateDir, ['status']);
  const sensor = async () => {
    const [found] = (await status()).sensors;
    if (found?.sensor !== 'capture') throw new Error('no capture');
    return found;
  };
  const attack = (from: string, words: readonly string[]) =>
    lab.attacker.spawn(process.execPath, [PHONES, from, lab.agent.ipv4, '10', ...words]);
  const accounts = (first: number, count: number, password: string): readonly string[] =>
    Array.from({ length: count }, (_, n) => `${first + n}${password}`);
  const inKernel = async (target: string): Promise<boolean> => {
    const firewall = createNftables({ command: [...lab.agent.prefix, 'nft'] });
    const { blocks } = await firewall.read();
    return blocks.some((block) => `${block.target} ${block.scope}` === target);
  };
  /** The agent's own tcpdump. */
  const capturer = async (): Promise<string> => {
    const { stdout } = await lab.agent.exec('pgrep', ['-P', String(agent.pid), '-x', 'tcpdump']);
    return stdout.trim();
  };
  const blocks = async () =>
    (await runJson<BlocksListing>(lab.agent, agent.stateDir, ['blocks', 'list', '--all'])).blocks;

  it('runs tcpdump without any right', async () => {
    const facts = readFileSync(`/proc/${await capturer()}/status`, 'latin1');
    expect(/^CapEff:\s*0+$/m.test(facts)).toBe(true);
    expect(/^Uid:\s*0\b/m.test(facts)).toBe(false);
  });

  it('leaves an office alone, blocks a sprayer wholly and closes SIP to a walker', async () => {
    await attack(OFFICE, accounts(100, 20, ':right')).exited;
    expect(await blocks()).toEqual([]);
    // Once they are blocked they wait for answers in vain, for which nobody waits here.
    const attacks = [
      attack(SPRAYER, accounts(120, 8, ':guess')),
      attack(WALKER, accounts(900, 8, '')),
    ];
    for (const target of [`${SPRAYER}/32 all`, `${WALKER}/32 sip`]) {
      await waitUntil(`${target} is in the kernel`, () => inKernel(target), 5_000);
    }
    for (const running of attacks) running.kill();
    const told = await blocks();
    expect(told.find(({ target }) => target === `${SPRAYER}/32`)).toMatchObject({
      attack_type: 'credential_attack',
      proof: 'nonce',
    });
    expect(told.find(({ target }) => target === `${OFFICE}/32`)).toBeUndefined();
    expect(await sensor()).toMatchObject({ trouble: null, left: { dropped_by_kernel: 0 } });
  });

  it('tells a HEP server what the trap hears and says, which the capture leaves out', async () => {
    const server = lab.attacker.spawn(process.execPath, [HEAR, lab.attacker.ipv4, '9060']);
    await server.line((line) => line === 'ready');
    const before = await sensor();
    const words = ['-s', `sip:1@${lab.agent.ipv4}:5070`];
    await lab.attacker.exec('sipsak', words, { reject: false });
    await waitUntil('both were told', () => server.stdout.length >= 3, 5_000);
    const told = server.stdout.slice(1, 3).map((line) => readHep(Buffer.from(line, 'base64')));
    expect(told).toMatchObject([
      { source: { address: lab.attacker.ipv4 }, destination: { port: 5070 }, key: 's3cret' },
      { source: { port: 5070 }, destination: { address: lab.attacker.ipv4 }, key: 's3cret' },
    ]);
    server.kill();
    const after = await sensor();
    expect(after.taken).toBe(before.taken);
    expect(after.left['of_the_trap']).toBeGreaterThan(0);
    const hep = (await status()).remote_logs.find(({ name }) => name === 'hep');
    expect(hep?.sent).toBeGreaterThan(1);
  });

  it('captures again when its program was killed', async () => {
    process.kill(Number(await capturer()), 'SIGKILL');
    const isBack = async () => {
      const { left, trouble } = await sensor();
      return left['restarts'] === 1 && trouble === null;
    };
    await waitUntil('it captures again', isBack, 10_000);
  });
});

describe.skipIf(needs.skip)(`watch, of a capture that grows ${needs.note}`, () => {
  it('tells the block as it would happen, and ends with a summary', async () => {
    const lab = await createLab();
    try {
      await lab.addAttackerAddress(SPRAYER);
      await startKamailio(lab);
      const folder = lab.makeFolder();
      const file = join(folder, 'growing.pcap');
      const words = ['-i', lab.agent.device, '-U', '-Z', 'root', '-w', file, 'port', '5060'];
      const tcpdump = lab.agent.spawn(programPath('tcpdump'), words);
      await waitUntil(
        'it captures',
        () => tcpdump.stderr.some((line) => line.includes('listening')),
        5_000,
      );
      const watch = lab.agent.spawn(
        process.execPath,
        ['bin/run.js', 'watch', file, '--pbx', '--local', `${lab.agent.ipv4}/32`, '--json'],
        { cwd: ROOT, env: { XDG_STATE_HOME: folder } },
      );
      const guesses = Array.from({ length: 8 }, (_, n) => `${120 + n}:guess`);
      const all = [PHONES, SPRAYER, lab.agent.ipv4, '10', ...guesses];
      await lab.attacker.exec(process.execPath, all, { msMax: 60_000 });
      const line = await watch.line((each) => each.includes('"kind":"block"'));
      expect(JSON.parse(line)).toMatchObject({ target: `${SPRAYER}/32`, proof: 'nonce' });
      const { exitCode } = await watch.stop('SIGINT');
      expect(exitCode).toBe(0);
      expect(JSON.parse(watch.stdout.at(-1) ?? '')).toMatchObject({
        kind: 'summary',
        in_force: { blocks_total: 1 },
      });
      tcpdump.kill();
    } finally {
      await lab.close();
    }
  });
});
