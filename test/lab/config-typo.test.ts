import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from './lab.js';
import { runCommand, runJson } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft']);

describe.skipIf(needs.skip)(`a typo in the configuration of a running agent ${needs.note}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab();
  });
  afterAll(() => lab.close());

  it('locks nobody out, is told everywhere, and its end is told, too', async () => {
    const stateDir = lab.makeFolder();
    const at = (name: string): string => join(stateDir, name);
    const file = at('agent.conf');
    const good = [
      `database_file = ${at('s.db')}`,
      `log_file = ${at('s.log')}`,
      `json_log_file = ${at('s.json')}`,
      `control_socket = ${at('a.sock')}`,
      `rules_dir = ${at('rules.d')}`,
      '',
    ].join('\n');
    await writeFile(file, good);
    const agent = await startAgent(lab, { stateDir, args: ['-c', file] });
    const run = (...words: string[]) => runCommand(lab.agent, stateDir, [...words, '-c', file]);
    const said = (text: string) => (): boolean => agent.stdout.join('\n').includes(text);

    await appendFile(file, 'listen_prot = 5\n');
    await waitUntil('the agent saw the typo', said('not taken over'), 10_000);
    const fault = `${file}:6: unknown key listen_prot`;
    const added = await run('blocks', 'add', '203.0.113.7');
    expect(added).toMatchObject({
      exitCode: 0,
      stdout: '203.0.113.7/32 is blocked: everything, 1h.',
    });
    expect(added.stderr).toContain(`Warning: ${fault}`);
    for (const words of ['blocks list', 'jobs list', 'rules list', 'events list', 'protect list']) {
      const { exitCode, stderr } = await run(...words.split(' '));
      expect({ words, exitCode }).toEqual({ words, exitCode: 0 });
      expect(stderr).toContain(fault);
    }
    const status = ['status', '-c', file];
    const wrong = await runJson<Record<string, unknown>>(lab.agent, stateDir, status);
    expect(wrong['configuration_error']).toContain(fault);
    const examined = await run('doctor');
    expect(examined.stdout).toContain(`fail     configuration: ${fault}`);
    expect(examined.stdout).toContain('ok       agent: runs, pid');
    expect((await run('blocks', 'remove', '203.0.113.7')).exitCode).toBe(0);

    await writeFile(file, good);
    await waitUntil('the agent says that all is well', said('is right again'), 10_000);
    const right = await runJson<Record<string, unknown>>(lab.agent, stateDir, status);
    expect(right['configuration_error']).toBeNull();
    expect((await run('blocks', 'list')).stderr).not.toContain('Warning');
    await agent.stop('SIGTERM');
    expect(await readFile(at('s.log'), 'utf8')).toContain('is right again');

    // With no agent, half a configuration is not what a block is made by.
    await appendFile(file, 'listen_prot = 5\n');
    const refused = await run('blocks', 'add', '203.0.113.8');
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain(`no agent runs with ${at('s.db')}, and ${fault}`);
    expect((await run('blocks', 'list')).exitCode).toBe(0);
  }, 60_000);
});
