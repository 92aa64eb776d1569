import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.js';
import { runJson } from '../program.js';
import { requireLab } from '../require-lab.js';
import { startAgent, type LabAgent } from '../start-agent.js';

const needs = requireLab(['nft', 'python3']);
const STREAMS = fileURLToPath(new URL('streams.py', import.meta.url));
const SOURCES = '10.201.0.0/16';
const ATTACKER = '10.201.100.1';

interface Listed {
  readonly blocks: readonly { readonly target: string; readonly rule: string | null }[];
}

describe.skipIf(needs.skip)(`streams that give no message ${needs.note}`, () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab();
    await lab.attacker.exec('ip', ['route', 'add', 'local', SOURCES, 'dev', lab.attacker.device]);
    await lab.agent.exec('ip', ['route', 'add', SOURCES, 'dev', lab.agent.device]);
  });
  afterEach(() => lab.close());

  const attack = async (what: string, amount: number): Promise<Record<string, number>> => {
    const words = [STREAMS, what, lab.agent.ipv4, String(amount)];
    const { stdout } = await lab.attacker.exec('python3', words, { msMax: 80_000 });
    // The shape is what the script prints.
    return JSON.parse(stdout) as Record<string, number>;
  };

  const ruleOfBlock = async ({ stateDir }: LabAgent): Promise<string | null | undefined> => {
    const { blocks } = await runJson<Listed>(lab.agent, stateDir, ['blocks', 'list']);
    return blocks.find(({ target }) => target === `${ATTACKER}/32`)?.rule;
  };

  const start = (mode: string) =>
    startAgent(lab, {
      env: { SENTRYPEER_TRANSPORTS: 'udp, tcp, tls', SENTRYPEER_BLOCKING_MODE: mode },
    });

  it('keep no newcomer out by 10,000 idle ones, and hold their places a while only', async () => {
    const agent = await start('enforce');
    const counted = await attack('hold', 35);
    const shown = JSON.stringify(counted);
    expect(counted['held'], shown).toBeGreaterThan(9_000);
    expect(counted['answered'], shown).toBe(counted['asked']);
    expect(counted['open_yet'], shown).toBe(0);
    await agent.stop('SIGTERM');
  }, 120_000);

  it('keep no datagram from its answer by line ends without pause', async () => {
    const agent = await start('observe');
    const counted = await attack('line-ends', 5);
    const shown = JSON.stringify(counted);
    expect(counted['mib'], shown).toBeGreaterThan(5);
    expect(counted['lost'], shown).toBe(0);
    // Half a second where a stream takes all the turns it wants; what else runs here may cost some.
    expect(counted['median_ms'], shown).toBeLessThan(100);
    expect(counted['p99_ms'], shown).toBeLessThan(400);
    expect(await ruleOfBlock(agent)).toBe('keep-alive-flood');
    await agent.stop('SIGTERM');
  }, 60_000);

  it('are seen and blocked when they are handshakes alone', async () => {
    const agent = await start('enforce');
    const { done } = await attack('handshakes', 565);
    expect(done).toBeLessThan(400);
    expect(await ruleOfBlock(agent)).toBe('quiet-connections');
    await agent.stop('SIGTERM');
  }, 60_000);
});
