import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.js';
import { runJson } from '../program.js';
import { requireLab } from '../require-lab.js';
import { startAgent } from '../start-agent.js';

const needs = requireLab(['python3']);
const UNIQUE = fileURLToPath(new URL('unique.py', import.meta.url));
/** More than the memory of what is counted holds, so that it is full at the end. */
const MESSAGES = 240_000;
/** Of which what is counted has 110; the most that was seen is 368, where more came than was taken. */
const RSS_MIB_MAX = 400;

interface Status {
  readonly counts: { readonly received: number };
  readonly limits_hit: { readonly rule_groups_forgotten: number };
}

const mostMib = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1_024;

describe.skipIf(needs.skip)(`messages without end, none like another ${needs.note}`, () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab();
  });
  afterEach(() => lab.close());

  it('leave the whole process within its memory', async () => {
    const { ipv4: own } = lab.agent;
    await lab.agent.exec('ip', ['route', 'add', 'default', 'via', lab.attacker.ipv4]);
    for (const name of ['all', 'eth-agent']) {
      await lab.agent.exec('sysctl', ['-qw', `net.ipv4.conf.${name}.rp_filter=0`]);
    }
    const agent = await startAgent(lab, { env: { SENTRYPEER_BLOCKING_MODE: 'observe' } });
    await lab.attacker.exec('python3', [UNIQUE, own, String(MESSAGES), '5000'], {
      msMax: 150_000,
    });
    const { counts, limits_hit } = await runJson<Status>(lab.agent, agent.stateDir, ['status']);
    const most = mostMib(agent.pid);
    const shown = `${most.toFixed(0)} MiB after ${counts.received} messages`;
    expect(limits_hit.rule_groups_forgotten, shown).toBeGreaterThan(0);
    expect(most, shown).toBeLessThanOrEqual(RSS_MIB_MAX);
    await agent.stop('SIGTERM');
  }, 200_000);
});
