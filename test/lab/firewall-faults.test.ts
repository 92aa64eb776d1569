import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nftTable } from './counters.js';
import { createLab, type Lab } from './lab.js';
import { lookPolitely, runCommand, runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent, type LabAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft']);

interface Status {
  readonly blocking: {
    readonly mode: string;
    readonly last_error: string | null;
    readonly failed_changes: number;
    readonly retrying_changes: number;
  };
}

describe.skipIf(needs.skip)(`a firewall that fails while the agent runs ${needs.note}`, () => {
  let lab: Lab;
  let folder: string;

  beforeEach(async () => {
    lab = await createLab();
    folder = lab.makeFolder();
  });

  afterEach(async () => {
    await lab.close();
  });

  const program = (name: string, lines: readonly string[]): string => {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${lines.join('\n')}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const blockingOf = async ({ stateDir }: LabAgent): Promise<Status['blocking']> =>
    (await runJson<Status>(lab.agent, stateDir, ['status'])).blocking;
  const answers = async (): Promise<boolean> =>
    (await lookPolitely(lab.attacker, lab.attacker.ipv4, lab.agent.ipv4)) !== 'silence';

  it('nft that refuses: said with its words, not believed, and tried again', async () => {
    const flag = join(folder, 'refuse');
    program('nft', [
      // Without a long-lived one every change is a call of its own.
      'if [ "$1" = "-i" ]; then exit 1; fi',
      `if [ "$1" = "-f" ] && [ -e '${flag}' ]; then`,
      '  echo "Error: Could not process rule: No space left on device" >&2; exit 1',
      'fi',
      `exec '${programPath('nft')}' "$@"`,
    ]);
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    const agent = await startAgent(lab, { env });
    writeFileSync(flag, '');
    const added = await runCommand(
      lab.agent,
      agent.stateDir,
      ['blocks', 'add', '203.0.113.7'],
      env,
    );
    expect(added.stderr).toMatch(/recorded, but not in the firewall.*No space left on device/);
    expect(added.exitCode).toBe(7);
    expect(await nftTable(lab.agent)).not.toContain('203.0.113.7');
    const blocking = await blockingOf(agent);
    expect(blocking).toMatchObject({ mode: 'enforce', retrying_changes: 1 });
    expect(blocking.last_error).toContain('No space left on device');
    expect(agent.stdout.join('\n')).toMatch(/not in force: add 203\.0\.113\.7\/32: nft refused/);
    expect(await answers()).toBe(true);
    rmSync(flag);
    await waitUntil('it is tried again', async () =>
      (await nftTable(lab.agent)).includes('203.0.113.7'),
    );
    expect(await blockingOf(agent)).toMatchObject({ last_error: null, retrying_changes: 0 });
    await agent.stop('SIGTERM');
  }, 60_000);

  it('a hook that hangs: ended, said, and the trap goes on meanwhile', async () => {
    const hook = program('hook', ['if [ "$1" = apply ]; then sleep 60; fi', 'exit 0']);
    const agent = await startAgent(lab, {
      env: { SENTRYPEER_BLOCKING_BACKEND: 'hook', SENTRYPEER_BLOCKING_HOOK_COMMAND: hook },
    });
    const adding = runCommand(lab.agent, agent.stateDir, ['blocks', 'add', '203.0.113.7']);
    expect(await answers()).toBe(true);
    const added = await adding;
    expect(added.stderr).toMatch(
      /recorded, but not in the firewall.*did not finish apply within 10000 ms/,
    );
    const blocking = await blockingOf(agent);
    expect(blocking.failed_changes).toBeGreaterThan(0);
    expect(blocking.last_error).toContain('did not finish');
    expect(agent.stdout.join('\n')).toContain('not in force: add 203.0.113.7/32');
    await agent.stop('SIGKILL');
  }, 60_000);
});
