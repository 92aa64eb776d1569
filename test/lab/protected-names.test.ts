import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nftTable } from './counters.js';
import { createLab, type Lab } from './lab.js';
import { runCommand, runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'unshare']);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DNS = fileURLToPath(new URL('dns.mjs', import.meta.url));
const TRUNK = 'trunk.example.org';

describe.skipIf(needs.skip)(`host names that are protected ${needs.note}`, () => {
  const setRecords = (
    folder: string,
    records: Readonly<Record<string, readonly string[]>>,
  ): void => {
    writeFileSync(join(folder, 'records.new'), JSON.stringify(records));
    renameSync(join(folder, 'records.new'), join(folder, 'records'));
  };

  /** An agent with a name server of its own, in mounts of its own. */
  async function start(lab: Lab, folder: string): Promise<void> {
    const dns = lab.agent.spawn(process.execPath, [DNS, join(folder, 'records')]);
    await dns.line((line) => line === 'answers');
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1\n');
    const script =
      'mount --make-rprivate / && mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"';
    const run = [process.execPath, join(ROOT, 'bin/run.js'), 'run'];
    const agent = lab.agent.spawn(
      programPath('unshare'),
      ['--mount', 'sh', '-c', script, folder, ...run],
      { cwd: ROOT, env: { XDG_STATE_HOME: folder, SENTRYPEER_BLOCKING_PROTECT: TRUNK } },
    );
    await agent.line((line) => /listening/i.test(line), 20_000);
  }

  /** The networks that the name protects. */
  async function protectedByName(lab: Lab, folder: string): Promise<readonly string[]> {
    // The shape is what docs/CLI_JSON.md says of the command.
    const { protect } = await runJson<{
      readonly protect: readonly { readonly target: string; readonly from: string }[];
    }>(lab.agent, folder, ['protect', 'list']);
    return protect
      .filter(({ from }) => from.includes(TRUNK))
      .map(({ target }) => target)
      .sort();
  }

  it('are their A, AAAA and SRV records, followed by the job, which lifts a block', async () => {
    const lab = await createLab();
    onTestFinished(() => lab.close());
    const folder = lab.makeFolder();
    const server = { 'sip1.example.org A': ['198.51.100.21'] };
    setRecords(folder, {
      ...server,
      [`${TRUNK} A`]: ['198.51.100.20'],
      [`${TRUNK} AAAA`]: ['2001:db8:0:0:0:0:0:20'],
      [`_sip._udp.${TRUNK} SRV`]: ['5060 sip1.example.org'],
    });
    await start(lab, folder);
    const first = ['198.51.100.20/32', '198.51.100.21/32', '2001:db8::20/128'];
    expect(await protectedByName(lab, folder)).toEqual(first);
    const refused = await runCommand(lab.agent, folder, ['blocks', 'add', '198.51.100.21']);
    expect(refused.stderr).toContain('PROTECTED');

    await runCommand(lab.agent, folder, ['blocks', 'add', '203.0.113.9', '--for', '1h']);
    await waitUntil('it is blocked', async () =>
      (await nftTable(lab.agent)).includes('203.0.113.9'),
    );
    setRecords(folder, { ...server, [`${TRUNK} A`]: ['203.0.113.9'] });
    await runCommand(lab.agent, folder, ['jobs', 'run', 'protect_refresh']);
    expect(await protectedByName(lab, folder)).toEqual(['203.0.113.9/32']);
    const list = await runCommand(lab.agent, folder, ['blocks', 'list', '--json']);
    expect(list.stdout).not.toContain('203.0.113.9/32');

    // A name server that knows nothing any more takes nobody's protection away.
    setRecords(folder, {});
    await runCommand(lab.agent, folder, ['jobs', 'run', 'protect_refresh']);
    expect(await protectedByName(lab, folder)).toEqual(['203.0.113.9/32']);
  }, 60_000);
});
