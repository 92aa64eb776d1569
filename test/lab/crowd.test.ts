import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../src/agent/certificate/make-certificate.js';
import { LIMITS } from '../../src/core/common/limits.js';
import { createLab, type Lab } from './lab.js';
import type { LabProcess } from './lab-process.js';
import { runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['sipsak', 'openssl', 'python3']);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CROWD = fileURLToPath(new URL('crowd.py', import.meta.url));

/** The descriptors that a process here may have, which the crowd needs as well as the agent. */
const descriptorsHere = Number(
  /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1],
);

interface Status {
  readonly limits_hit: Readonly<Record<string, number>>;
}

interface Opened {
  readonly opened: number;
  readonly slow: number;
  readonly tls: number;
}

describe.skipIf(needs.skip)(`a crowd before the agent ${needs.note}`, () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await createLab();
    const crowd = '10.201.0.0/16';
    await lab.attacker.exec('ip', ['route', 'add', 'local', crowd, 'dev', lab.attacker.device]);
    await lab.agent.exec('ip', ['route', 'add', crowd, 'dev', lab.agent.device]);
  });
  afterEach(() => lab.close());

  const limitsHit = async (stateDir: string): Promise<Readonly<Record<string, number>>> =>
    (await runJson<Status>(lab.agent, stateDir, ['status'])).limits_hit;

  /** Others, from an address of their own, on UDP and TCP. */
  const askPolitely = async (): Promise<readonly boolean[]> => {
    const answers: boolean[] = [];
    for (const transport of ['udp', 'tcp']) {
      const args = ['-vv', '-E', transport, '-s', `sip:100@${lab.agent.ipv4}:5060`];
      const { stdout } = await lab.attacker.exec(programPath('sipsak'), args, { reject: false });
      answers.push(stdout.includes('200 OK'));
    }
    return answers;
  };

  const open = async (...numbers: readonly number[]): Promise<[LabProcess, Opened]> => {
    const args = [CROWD, lab.agent.ipv4, '10.201.', ...numbers.map(String)];
    const crowd = lab.attacker.spawn('python3', args);
    const line = await crowd.line((each) => each.startsWith('{'), 45_000);
    // The shape is what the script prints.
    return [crowd, JSON.parse(line) as Opened];
  };

  const shownName = async (): Promise<string> => {
    const words = `openssl s_client -connect ${lab.agent.ipv4}:5061 </dev/null 2>/dev/null`;
    const { stdout } = await lab.attacker.exec('sh', ['-c', words], { reject: false });
    return /subject=.*?CN ?= ?([\w.]+)/.exec(stdout)?.[1] ?? 'none';
  };

  it('of 10,000 connections, slow ones and half-open TLS leaves others their answer', async () => {
    const folder = lab.makeFolder();
    const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const replace = async (domain: string): Promise<void> => {
      const made = await makeCertificate(domain, Date.now());
      await writeFile(key, made.key);
      await writeFile(certificate, made.certificate);
    };
    await replace('one.example.org');
    const { stateDir } = await startAgent(lab, {
      env: {
        SENTRYPEER_TRANSPORTS: 'udp, tcp, tls',
        SENTRYPEER_BLOCKING_MODE: 'observe',
        SENTRYPEER_TLS_CERTIFICATE_FILE: certificate,
        SENTRYPEER_TLS_KEY_FILE: key,
      },
    });
    const half = 300;
    const count = Math.min(LIMITS.tcpConnectionsMax - half - 200, descriptorsHere - half - 400);
    const [crowd, opened] = await open(count, 1_000, half, 150);
    expect(opened).toEqual({ opened: count, slow: 1_000, tls: half });
    expect(await askPolitely()).toEqual([true, true]);
    expect(await shownName()).toBe('one.example.org');
    await replace('two.example.org');
    const isReplaced = async (): Promise<boolean> => (await shownName()) === 'two.example.org';
    await waitUntil('the new certificate is shown', isReplaced, 15_000);
    // One address asked for 150, and got its hundred.
    const greedy = 150 - LIMITS.tcpConnectionsPerSourceMax;
    expect((await limitsHit(stateDir))['connections_evicted']).toBe(greedy);
    const areCutOff = async (): Promise<boolean> =>
      ((await limitsHit(stateDir))['connections_timed_out'] ?? 0) >= 1_000 + half;
    await waitUntil('the slow ones are cut off', areCutOff, 30_000);
    expect(await askPolitely()).toEqual([true, true]);
    crowd.write('');
  }, 90_000);

  it('beyond the descriptors makes room, and `status` says how many', async () => {
    const stateDir = lab.makeFolder();
    const descriptors = 400;
    const command = `ulimit -n ${descriptors}; exec "$0" bin/run.js run`;
    const agent = lab.agent.spawn('sh', ['-c', command, process.execPath], {
      cwd: ROOT,
      env: { XDG_STATE_HOME: stateDir, SENTRYPEER_BLOCKING_MODE: 'observe' },
    });
    await agent.line((line) => /listening/i.test(line), 20_000);
    const [crowd, { opened }] = await open(300, 0, 0, 0);
    expect(opened).toBe(300);
    // The kernel opens them; the agent takes one after another.
    const haveMadeRoom = async (): Promise<boolean> =>
      (await limitsHit(stateDir))['connections_evicted'] === 300 - descriptors / 2;
    await waitUntil('just those that are too many make room', haveMadeRoom, 10_000);
    expect((await limitsHit(stateDir))['seconds_without_descriptors']).toBe(0);
    // All that may be open are: UDP is answered, and commands are.
    expect((await askPolitely())[0]).toBe(true);
    crowd.write('');
    await crowd.exited;
    const isFree = async (): Promise<boolean> => (await askPolitely())[1] === true;
    await waitUntil('TCP is answered again', isFree, 10_000);
  }, 90_000);
});
