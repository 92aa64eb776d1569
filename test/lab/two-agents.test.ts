import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nftTable } from './counters.js';
import { createLab, type Lab } from './lab.js';
import { runCommand } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'setpriv']);

describe.skipIf(needs.skip)(`starts that must not go on, or not alone ${needs.note}`, () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await createLab();
  });

  afterEach(async () => {
    await lab.close();
  });

  /** A configuration of an installed agent, all of it in one folder. */
  const configure = (folder: string, more: string): string => {
    const places = ['database_file', 'log_file', 'json_log_file', 'control_socket', 'rules_dir'];
    const lines = places.map((key) => `${key} = ${join(folder, key)}`).join('\n');
    const file = join(folder, 'agent.conf');
    writeFileSync(file, `${lines}\n${more}\n`);
    return file;
  };

  const holdPort = async (): Promise<() => Promise<unknown>> => {
    const script = `require('net').createServer().listen(5060, () => console.log('held'))`;
    const holder = lab.agent.spawn(process.execPath, ['-e', script]);
    await holder.line((each) => each === 'held');
    return () => holder.stop('SIGTERM');
  };

  it('a start that fails takes the table away that it wrote, and leaves one that stood', async () => {
    const folder = lab.makeFolder();
    const file = configure(folder, '');
    const release = await holdPort();
    const failed = await runCommand(lab.agent, folder, ['run', '-c', file]);
    expect(failed.stderr).toContain('PORT_IN_USE');
    expect(await nftTable(lab.agent)).toBe('');
    await release();
    const agent = await startAgent(lab, { args: ['-c', file], stateDir: folder });
    await agent.stop('SIGTERM');
    expect(await nftTable(lab.agent)).toContain('table inet sentrypeer');
    const again = await holdPort();
    const second = await runCommand(lab.agent, folder, ['run', '-c', file]);
    expect(second.stderr).toContain('PORT_IN_USE');
    expect(await nftTable(lab.agent)).toContain('table inet sentrypeer');
    await again();
  }, 60_000);

  it('a second agent with a database of its own refuses and names the first', async () => {
    const [one, two] = [lab.makeFolder(), lab.makeFolder()];
    const first = await startAgent(lab, { args: ['-c', configure(one, '')], stateDir: one });
    const file = configure(two, 'listen_port = 5070');
    const second = await runCommand(lab.agent, two, ['run', '-c', file]);
    expect(second.stderr).toContain('FIREWALL_TAKEN');
    expect(second.stderr).toMatch(new RegExp(`process ${first.pid}\\b`));
    expect(second.exitCode).toBe(7);
    expect(await nftTable(lab.agent)).toContain('table inet sentrypeer');
    await first.stop('SIGKILL');
    // What is dead holds nothing: its table is taken over.
    const third = await startAgent(lab, { args: ['-c', file], stateDir: two });
    expect(third.stdout.join('\n')).toContain('taken over from');
    await third.stop('SIGTERM');
  }, 60_000);

  it('keeps the SIP ports with the trap when another port is to come at the next start', async () => {
    const folder = lab.makeFolder();
    const file = configure(folder, 'listen_port = 5070');
    const agent = await startAgent(lab, { args: ['-c', file], stateDir: folder });
    configure(folder, 'listen_port = 5080\n[blocking]\nsip_ports = trap, 5999');
    const ports = async (): Promise<string> =>
      (await lab.agent.exec('nft', ['list', 'set', 'inet', 'sentrypeer', 'sip_ports'])).stdout;
    await waitUntil('it is taken over', async () => (await ports()).includes('5999'));
    expect(await ports()).toContain('5070, 5999');
    await agent.stop('SIGTERM');
    const later = await startAgent(lab, { args: ['-c', file], stateDir: folder });
    expect(await ports()).toContain('5080, 5999');
    await later.stop('SIGTERM');
  }, 60_000);

  it('says of a block that it was only recorded, and why', async () => {
    const folder = lab.makeFolder();
    chownSync(folder, 65_534, 65_534);
    const words = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
    const env = { XDG_STATE_HOME: folder };
    const add = ['bin/run.js', 'blocks', 'add', '203.0.113.7'];
    const denied = await lab.agent.exec('setpriv', [...words, ...add], { env });
    expect(denied.stdout).toContain('203.0.113.7/32 would be blocked (only recorded)');
    expect(denied.stderr).toMatch(/No firewall rule was written: observing.*CAP_NET_ADMIN/);
    const offline = await runCommand(lab.agent, lab.makeFolder(), ['blocks', 'add', '203.0.113.7']);
    expect(offline.stderr).toMatch(/No firewall rule was written: no agent runs.*next start/);
  }, 60_000);
});
