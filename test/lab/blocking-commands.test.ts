import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nftTable } from './counters.js';
import { createLab, type Lab } from './lab.js';
import { runCommand, runJson } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'ss']);

interface Listed {
  readonly blocks: readonly { readonly target: string; readonly forced: boolean }[];
}

describe.skipIf(needs.skip)(`commands that block, on a real agent ${needs.note}`, () => {
  let lab: Lab;
  let stateDir: string;

  const type = (...words: string[]) => runCommand(lab.agent, stateDir, words);
  const listed = async (...words: string[]): Promise<string[]> => {
    const { blocks } = await runJson<Listed>(lab.agent, stateDir, ['blocks', 'list', ...words]);
    return blocks.map(({ target }) => target);
  };

  beforeEach(async () => {
    lab = await createLab();
    stateDir = lab.makeFolder();
  });

  afterEach(async () => {
    await lab.close();
  });

  it('protects a peer and lifts what blocks it; blocks it again only by force', async () => {
    await startAgent(lab, { stateDir, env: { SENTRYPEER_BLOCKING_PROTECT: '192.0.2.77' } });
    await type('blocks', 'add', '192.0.2.0/28');
    await type('blocks', 'add', '192.0.2.1');
    const added = await type('protect', 'add', '192.0.2.1', '--note', 'trunk');
    expect(added.stdout).toContain('2 blocks lifted');
    expect(await listed()).toEqual([]);
    const refused = await type('blocks', 'add', '192.0.2.1');
    expect(refused.exitCode).toBe(8);
    expect(refused.stderr).toContain('protect add: trunk');
    await type('blocks', 'add', '192.0.2.1', '--force');
    expect(await nftTable(lab.agent)).toMatch(/set forced_ipv4_32 [^}]*192\.0\.2\.1 /);
    const list = await type('protect', 'list');
    expect(list.stdout).toMatch(/192\.0\.2\.1\/32\s+protect add: trunk/);
    expect(list.stdout).toMatch(/192\.0\.2\.77\/32\s+configuration: protect \(environment\)/);
    expect((await type('protect', 'remove', '192.0.2.77')).stderr).toContain('at environment');
    expect((await type('protect', 'remove', '127.0.0.0/8')).stderr).toContain('loopback');
    expect((await type('protect', 'remove', '192.0.2.1')).exitCode).toBe(0);
    expect((await type('protect', 'remove', '192.0.2.1')).exitCode).toBe(9);
  }, 240_000);

  it('imports, filters, exports and clears', async () => {
    await startAgent(lab, { stateDir });
    const file = join(stateDir, 'list.txt');
    writeFileSync(file, '203.0.113.7\n203.0.113.0/24\n2001:db8::/64\nnonsense\n127.0.0.1\n');
    const imported = await type('blocks', 'import', file, '--for', '1h');
    expect(imported.stdout).toContain('3 blocks added, 1 refused');
    expect(imported.stdout).toMatch(/line 4.*nonsense/);
    await type('blocks', 'add', '10.0.0.1', '--scope', 'sip', '--for', '5m');
    expect(await listed('--address', '203.0.113.7')).toEqual(['203.0.113.0/24', '203.0.113.7/32']);
    expect(await listed('--origin', 'manual')).toEqual(['10.0.0.1/32']);
    expect(await listed('--scope', 'sip')).toEqual(['10.0.0.1/32']);
    expect((await listed('--sort', 'ends'))[0]).toBe('10.0.0.1/32');
    const plain = await type('blocks', 'export');
    expect(plain.stdout.split('\n').length).toBe(4);
    const whole = await type('blocks', 'export', '--scope', 'all');
    expect(whole.stdout.split('\n')).toEqual(['203.0.113.7/32', '203.0.113.0/24', '2001:db8::/64']);
    const json = await type('blocks', 'export', '--json');
    expect((JSON.parse(json.stdout) as Listed).blocks.length).toBe(4);
    const nft = await type('blocks', 'export', '--format', 'nft');
    await lab.attacker.exec('nft', ['-f', '-'], { input: `${nft.stdout}\n` });
    expect((await type('blocks', 'clear')).exitCode).toBe(2);
    expect((await type('blocks', 'clear', '--origin', 'import', '--yes')).stdout).toContain(
      '3 blocks',
    );
    expect(await listed()).toEqual(['10.0.0.1/32']);
    expect(await nftTable(lab.agent)).not.toContain('203.0.113');
  }, 240_000);

  it('goes back to observing when a start on trial is not confirmed, and stays when it is', async () => {
    const first = await startAgent(lab, { stateDir, args: ['--confirm', '3s'] });
    await type('blocks', 'add', '10.0.0.1');
    await waitUntil('it observes', async () => (await nftTable(lab.agent)) === '', 20_000);
    const status = await type('status');
    expect(status.stdout).toContain('not confirmed in time');
    expect((await type('confirm')).exitCode).toBe(9);
    await first.stop();
    await startAgent(lab, { stateDir, args: ['--confirm', '1h'] });
    expect((await type('status')).stdout).toMatch(/^on trial/m);
    expect((await type('confirm')).exitCode).toBe(0);
    expect((await type('status')).stdout).not.toMatch(/^on trial/m);
  }, 240_000);

  it('a second trial leaves the table of the first alone, and does not take it away', async () => {
    await startAgent(lab, { stateDir });
    await type('blocks', 'add', '10.0.0.1');
    const other = await startAgent(lab, {
      stateDir: lab.makeFolder(),
      env: { SENTRYPEER_LISTEN_PORT: '5070' },
    });
    expect(other.stdout.join('\n')).toContain(
      'observing, not blocking: the firewall table belongs',
    );
    await other.stop();
    expect(await nftTable(lab.agent)).toContain('10.0.0.1');
  }, 240_000);

  it('becomes whole after a flush and tells of it in status', async () => {
    await startAgent(lab, { stateDir });
    await type('blocks', 'add', '10.0.0.1');
    await lab.agent.exec('nft', ['flush', 'ruleset']);
    await waitUntil('it is repaired', async () => (await nftTable(lab.agent)).includes('10.0.0.1'));
    expect((await type('status')).stdout).toMatch(/repairs\s+1, the last .*taken away/);
  }, 240_000);

  it('adopts what the kernel took in the last moment before a crash', async () => {
    const agent = await startAgent(lab, { stateDir });
    const watching = ['-P', String(agent.pid), '-f', 'nft monitor rules'];
    const watcher = (await lab.agent.exec('pgrep', watching)).stdout;
    expect(watcher).toMatch(/^\d+$/);
    await agent.stop('SIGKILL');
    await waitUntil('what watched for it has ended', () => !existsSync(`/proc/${watcher}`));
    const element = ['element', 'inet', 'sentrypeer', 'all_ipv4_32', '{ 10.0.0.9 timeout 1h }'];
    await lab.agent.exec('nft', ['add', ...element]);
    await startAgent(lab, { stateDir });
    expect(await listed()).toEqual(['10.0.0.9/32']);
    expect(await nftTable(lab.agent)).toContain('10.0.0.9');
  }, 240_000);
});
