import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textWidth } from '../../src/cli/text/screen.js';
import { createLab, type Lab } from './lab.js';
import { runCommand, runShell } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent, type LabAgent } from './start-agent.js';

// `script` of util-linux gives a command a terminal; Debian's base system has it.
const needs = requireLab(['nft', 'svwar']);

const COMMANDS = [
  'blocks list',
  'config show',
  'doctor',
  'events list',
  'jobs list',
  'numbers list',
  'protect list',
  'rules list',
  'rules list --long --detection',
  'rules show extension-enumeration',
  'rules test',
  'simulate svwar',
  'stats',
  'status',
] as const;

describe.skipIf(needs.skip)(`commands on a terminal ${needs.note}`, () => {
  let lab: Lab;
  let agent: LabAgent;

  beforeAll(async () => {
    lab = await createLab();
    agent = await startAgent(lab);
    await lab.attacker.exec(programPath('svwar'), ['-e100-130', lab.agent.ipv4], { reject: false });
    // From its own loopback, which is protected: all of them arrive.
    const numbers = ['-mINVITE', '-e900442071831040-900442071831044', '127.0.0.1'];
    await lab.agent.exec(programPath('svwar'), numbers, { reject: false });
    const long = `${'a reason of many words '.repeat(12)}電話電話電話`;
    const words = ['blocks', 'add', '2001:db8:1234:5678:9abc:def0:1234:5678', '--reason', long];
    expect((await runCommand(lab.agent, agent.stateDir, words)).exitCode).toBe(0);
  });

  afterAll(async () => {
    await agent.stop('SIGTERM');
    await lab.close();
  });

  async function linesAt(columns: number, command: string): Promise<string[]> {
    const inside = `stty cols ${columns} rows 40; NO_COLOR=1 node bin/run.js ${command}`;
    const { stdout } = await runShell(
      lab.agent,
      agent.stateDir,
      `script -qec '${inside}' /dev/null`,
    );
    return stdout.split(/\r?\n/);
  }

  it.each([...COMMANDS, `sources show ATTACKER`])(
    '%s: no line is longer than 80 columns',
    async (command) => {
      const lines = await linesAt(80, command.replace('ATTACKER', lab.attacker.ipv4));
      expect(lines.length).toBeGreaterThan(3);
      for (const line of lines) expect.soft(textWidth(line), line).toBeLessThanOrEqual(80);
    },
  );

  it('a pipe gets each block on one line, and no colour', async () => {
    const { stdout } = await runCommand(lab.agent, agent.stateDir, ['blocks', 'list']);
    const [own = ''] = stdout.split('\n').filter((line) => line.startsWith('2001:db8:'));
    expect(own).toMatch(/電話電話電話$/);
    expect(stdout).not.toContain('\u001b');
  });
});
