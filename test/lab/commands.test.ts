import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nftTable } from './counters.js';
import { createLab, type Lab } from './lab.js';
import { lookPolitely, runCommand, runJson } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft']);

interface Blocks {
  readonly blocks: readonly { readonly target: string; readonly end_how: string | null }[];
  readonly total: number;
}

describe.skipIf(needs.skip)(`the commands, with and without an agent ${needs.note}`, () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await createLab();
  });

  afterAll(async () => {
    await lab.close();
  });

  const run = (folder: string, ...words: string[]) => runCommand(lab.agent, folder, words);

  it('work on the running agent', async () => {
    const agent = await startAgent(lab);
    const folder = agent.stateDir;
    expect((await run(folder, 'blocks', 'add', '192.0.2.0/22')).stderr).toContain('bits beyond');
    expect((await run(folder, 'blocks', 'add', '192.0.0.0/22', '--for', '2h')).stdout).toBe(
      '192.0.0.0/22 is blocked: everything, 2h.',
    );
    expect(await nftTable(lab.agent)).toContain('all_ipv4_22');
    await run(folder, 'blocks', 'add', '192.0.2.7', '--scope', 'sip');
    expect((await run(folder, 'blocks', 'remove', '192.0.2.7')).stdout.split('\n')).toEqual([
      '192.0.2.7/32 is no longer blocked.',
      'It is still covered by the block of 192.0.0.0/22.',
    ]);
    const again = await run(folder, 'blocks', 'remove', '192.0.2.7');
    expect(again.stderr).toContain('it is covered by 192.0.0.0/22');
    expect(again.exitCode).toBe(9);
    const own = await run(folder, 'blocks', 'add', lab.agent.ipv4);
    expect(own.stderr).toMatch(/own address on eth-agent/);
    expect(own.exitCode).toBe(8);
    const rules = await run(folder, 'rules', 'list');
    expect(rules.stdout).toMatch(/sipvicious-svwar +extension_enumeration +100/);
    expect(rules.stdout).toContain('table inet sentrypeer {');
    expect((await run(folder, 'status')).stdout).toMatch(/lost +nothing/);
    const job = await runJson<{ job: { last_result: string } }>(lab.agent, folder, [
      'jobs',
      'run',
      'firewall_check',
    ]);
    expect(job.job.last_result).toBe('ok');
    await agent.stop('SIGTERM');
  }, 60_000);

  it('work offline, on the database alone, and the next start puts it in force', async () => {
    const agent = await startAgent(lab);
    const folder = agent.stateDir;
    await lookPolitely(lab.attacker, lab.attacker.ipv4, lab.agent.ipv4);
    await agent.stop('SIGTERM');
    const added = await run(folder, 'blocks', 'add', '198.51.100.7');
    expect(added.exitCode).toBe(0);
    expect(await nftTable(lab.agent)).toBe('');
    const { blocks } = await runJson<Blocks>(lab.agent, folder, ['blocks', 'list']);
    expect(blocks).toMatchObject([{ target: '198.51.100.7/32', end_how: null }]);
    const status = await run(folder, 'status');
    expect(status.stdout).toContain('not running');
    expect(status.exitCode).toBe(6);
    const events = await run(folder, 'events', 'list');
    expect(events.stdout).toContain(`${lab.attacker.ipv4}:`);
    expect((await run(folder, 'jobs', 'run', 'database_prune')).stdout).toContain('deleted 0');
    const later = await startAgent(lab, { stateDir: folder });
    expect(await nftTable(lab.agent)).toContain('198.51.100.7');
    await later.stop('SIGTERM');
  }, 60_000);

  it('take over a changed configuration, and keep the old one when it is wrong', async () => {
    const folder = lab.makeFolder();
    const file = join(folder, 'agent.conf');
    const places = ['database_file', 'log_file', 'json_log_file', 'control_socket', 'rules_dir'];
    const lines = places.map((key) => `${key} = ${join(folder, key)}`).join('\n');
    const write = (blocking: string): void => {
      writeFileSync(file, `${lines}\n[blocking]\n${blocking}\n`);
    };
    write('threshold = 100');
    const agent = await startAgent(lab, { args: ['-c', file], stateDir: folder });
    const log = (): string => readFileSync(join(folder, 'log_file'), 'utf8');
    write('threshold = lots');
    await waitUntil('the bad file is refused', () => log().includes('threshold'));
    expect(log()).toContain('the old stays in force');
    write('protect = 203.0.113.0/24');
    await waitUntil('the good file is taken over', () =>
      log().includes('configuration taken over'),
    );
    await waitUntil('the kernel knows', async () =>
      (await nftTable(lab.agent)).includes('203.0.113.0'),
    );
    mkdirSync(join(folder, 'rules_dir'), { recursive: true });
    writeFileSync(join(folder, 'rules_dir', 'bad.yaml'), 'id: [');
    await waitUntil('the bad rule is refused', () => log().includes('bad.yaml'));
    await agent.stop('SIGTERM');
    // An installed agent leaves its table in force over a restart, but not into observing.
    expect(await nftTable(lab.agent)).toContain('table inet sentrypeer');
    write('mode = observe');
    writeFileSync(join(folder, 'rules_dir', 'bad.yaml'), '');
    const observing = await startAgent(lab, { args: ['-c', file], stateDir: folder });
    expect(await nftTable(lab.agent)).toBe('');
    await observing.stop('SIGTERM');
  }, 60_000);

  it('run in the background and say so', async () => {
    const folder = lab.makeFolder();
    const { stdout, exitCode } = await run(folder, 'run', '-d', '--json');
    expect(exitCode).toBe(0);
    const { pid } = JSON.parse(stdout) as { pid: number };
    const second = await run(folder, 'run', '-d');
    expect(second.stderr).toContain(`${pid}`);
    expect(second.exitCode).toBe(6);
    const status = await run(folder, 'status');
    expect(status.stdout).toContain(`running, pid ${pid}`);
    process.kill(pid, 'SIGTERM');
    await waitUntil('it has ended', () => !existsSync(`/proc/${pid}`));
  }, 60_000);
});
