import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { parseUdpCounters, readUdpCounters } from './counters.js';
import { createLab, type Lab } from './lab.js';
import { requireLab } from './require-lab.js';
import { startTalker } from './talker.js';

const needs = requireLab(['ss']);

describe.skipIf(needs.skip)(`the lab ${needs.note}`, () => {
  let lab: Lab | null = null;

  afterEach(async () => {
    await lab?.close();
    lab = null;
  });

  it('joins two machines by IPv4 and IPv6 and counts what arrives', async () => {
    lab = await createLab();
    const agent = startTalker(lab.agent);
    const attacker = startTalker(lab.attacker);
    await agent.listen(5060);
    const before = await readUdpCounters(lab.agent);
    await lab.addAttackerAddress('198.51.100.9');
    for (const from of [lab.attacker.ipv4, '198.51.100.9']) {
      const probe = { flow: from, from, to: lab.agent.ipv4, port: 5060 };
      expect(await attacker.udp(probe)).toBe('answer');
      expect(await attacker.tcp({ ...probe, flow: `${from}-tcp` })).toBe('answer');
    }
    const ipv6 = { flow: 'v6', from: lab.attacker.ipv6, to: lab.agent.ipv6, port: 5060 };
    expect(await attacker.udp(ipv6)).toBe('answer');
    expect(await attacker.udp({ ...ipv6, port: 9 })).toBe('silence');
    const after = await readUdpCounters(lab.agent);
    expect(after.inDatagrams - before.inDatagrams).toBe(3);
    expect(after.noPorts - before.noPorts).toBe(1);
    expect(after.outDatagrams - before.outDatagrams).toBe(3);
  });

  it('has no way out', async () => {
    lab = await createLab();
    const { stdout } = await lab.attacker.exec('ip', ['route', 'show', 'default']);
    expect(stdout).toBe('');
  });

  it('leaves neither process nor namespace nor folder behind', async () => {
    lab = await createLab();
    const folder = lab.makeFolder();
    // The shell starts a child of its own, which must go with it.
    const parent = lab.agent.spawn('sh', ['-c', 'sleep 600 & echo "child $!"; wait']);
    const child = Number((await parent.line((line) => line.startsWith('child '))).slice(6));
    const { namespace } = lab.agent;
    expect(existsSync(`/run/netns/${namespace}`)).toBe(true);
    process.kill(child, 0);
    await lab.close();
    expect(() => process.kill(parent.pid, 0)).toThrow('ESRCH');
    expect(isRunning(child)).toBe(false);
    expect(existsSync(`/run/netns/${namespace}`)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });

  it('says how a program ended and what it printed', async () => {
    lab = await createLab();
    const program = lab.agent.spawn('sh', ['-c', 'echo one; echo two >&2; exit 3']);
    expect(await program.exited).toEqual({ exitCode: 3, signal: null });
    expect([program.stdout, program.stderr]).toEqual([['one'], ['two']]);
    await expect(program.line((line) => line === 'three')).rejects.toThrow('ended');
    const sleeper = lab.agent.spawn('sleep', ['600']);
    expect(await sleeper.stop('SIGTERM')).toEqual({ exitCode: null, signal: 'SIGTERM' });
  });
});

/** False also for a dead process whose parent has not looked at it yet. */
function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !readStat(pid).includes(') Z ');
}

const readStat = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8');

describe('the kernel counts of UDP', () => {
  it('are summed over IPv4 and IPv6', () => {
    const text = [
      'Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors',
      'Udp: 10 2 3 40 0',
      'UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors',
      'UdpLite: 0 0 0 0 0',
      'Udp6InDatagrams                 \t5',
      'Udp6NoPorts                     \t1',
      'Udp6InErrors                    \t0',
      'Udp6OutDatagrams                \t6',
    ].join('\n');
    const counters = { inDatagrams: 15, noPorts: 3, inErrors: 3, outDatagrams: 46 };
    expect(parseUdpCounters(text)).toEqual(counters);
    expect(() => parseUdpCounters('')).toThrow('no counter InDatagrams');
  });
});
