import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/core/common/errors.js';
import { nftTable } from './counters.js';
import { createLab, type Lab } from './lab.js';
import { runCommand, runShell } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { startTalker } from './talker.js';

const needs = requireLab(['nft', 'setpriv']);
const NOBODY_ID = 65_534;

describe.skipIf(needs.skip)(`what is wrong is said in one line ${needs.note}`, () => {
  let lab: Lab;
  let folder: string;

  beforeAll(async () => {
    lab = await createLab();
    folder = lab.makeFolder();
  });

  afterAll(async () => {
    await lab.close();
  });

  /** The words, the remedy after the code, the exit code, and nothing left in the firewall. */
  async function check(
    result: { stderr: string; stdout: string; exitCode: number | null },
    code: ErrorCode,
    words: RegExp,
  ): Promise<void> {
    const [first = '', second = '', ...more] = result.stderr.split('\n');
    expect(first).toMatch(/^Error: /);
    expect(first).toMatch(words);
    expect(second).toMatch(new RegExp(`^ {2}${code}: .{10}`));
    expect(more).toEqual([]);
    expect(result.stdout).toBe('');
    expect(result.exitCode).toBe(ERROR_CODES[code].exit);
    expect(await nftTable(lab.agent)).toBe('');
  }

  const runWith = (text: string, env = {}) => {
    const file = join(folder, 'some.conf');
    writeFileSync(file, text);
    return runCommand(lab.agent, folder, ['run', '-c', file], env);
  };

  it('a configuration file that is not there', async () => {
    const file = join(folder, 'absent.conf');
    const result = await runCommand(lab.agent, folder, ['run', '-c', file]);
    await check(result, 'CONFIG_MISSING', /absent\.conf/);
  });

  it('a configuration file that cannot be read', async () => {
    const file = join(folder, 'folder.conf');
    mkdirSync(file);
    const result = await runCommand(lab.agent, folder, ['run', '-c', file]);
    await check(result, 'CONFIG_UNREADABLE', /folder\.conf/);
  });

  it('an unknown key', async () => {
    const result = await runWith('listen_prot = 5060\n');
    await check(result, 'CONFIG_INVALID', /some\.conf:1.*listen_prot.*listen_port/);
  });

  it('a bad value', async () => {
    const result = await runWith('[blocking]\nthreshold = many\n');
    await check(result, 'CONFIG_INVALID', /some\.conf:2.*threshold.*many/);
  });

  it('a bad value in the environment', async () => {
    const result = await runCommand(lab.agent, folder, ['run'], { SENTRYPEER_LISTEN_PORT: '0x1' });
    await check(result, 'CONFIG_INVALID', /SENTRYPEER_LISTEN_PORT.*0x1/);
  });

  it('a rule file that is wrong', async () => {
    const rules = join(folder, 'sentrypeer', 'rules.d');
    mkdirSync(rules, { recursive: true });
    writeFileSync(join(rules, 'mine.yaml'), 'id: mine\nnmae: Mine\n');
    const result = await runCommand(lab.agent, folder, ['run']);
    writeFileSync(join(rules, 'mine.yaml'), '');
    await check(result, 'RULES_INVALID', /mine\.yaml:\d+:\d+/);
  });

  it('a port that another program has', async () => {
    await startTalker(lab.agent).listen(5070);
    const result = await runCommand(lab.agent, folder, ['run'], { SENTRYPEER_LISTEN_PORT: '5070' });
    await check(result, 'PORT_IN_USE', /5070/);
  });

  it('a state folder below a file', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const result = await runCommand(lab.agent, file, ['run']);
    await check(result, 'STATE_UNWRITABLE', /file\/sentrypeer/);
  });

  it('a state folder on a read-only file system', async () => {
    const place = join(folder, 'readonly');
    mkdirSync(place);
    const script = `mount -t tmpfs -o ro none '${place}' && exec node bin/run.js run`;
    await check(await runShell(lab.agent, place, script), 'STATE_UNWRITABLE', /readonly/);
    expect(readdirSync(place)).toEqual([]);
  });

  it('a database of another program', async () => {
    const own = join(folder, 'foreign', 'sentrypeer');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'sentrypeer.db'), 'somebody else wrote this, and wants to keep it');
    const result = await runCommand(lab.agent, join(folder, 'foreign'), ['run']);
    await check(result, 'DATABASE_FOREIGN', /sentrypeer\.db/);
  });

  it('an unknown command or flag, with what was meant', async () => {
    const command = await runCommand(lab.agent, folder, ['blokcs', 'list']);
    await check(command, 'USAGE', /no command blokcs list/);
    expect(command.stderr).toContain('did you mean `sentrypeer-agent blocks list`?');
    const flag = await runCommand(lab.agent, folder, ['blocks', 'list', '--limt', '5']);
    await check(flag, 'USAGE', /limt/);
  });

  it('works and says so when nft is missing', async () => {
    const empty = lab.makeFolder();
    const state = lab.makeFolder();
    // The namespace's own mounts: nothing of the machine is changed.
    const script = `mount --bind '${empty}' /usr/sbin && exec node bin/run.js run`;
    const agent = lab.agent.spawn('sh', ['-c', script], { env: { XDG_STATE_HOME: state } });
    const line = await agent.line((each) => each.startsWith('blocking'));
    expect(line).toMatch(/observing.*nft.*install/);
    await agent.stop('SIGTERM');
  });

  it('works and says so without the right to use nft', async () => {
    const state = lab.makeFolder();
    chownSync(state, NOBODY_ID, NOBODY_ID);
    const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const words = [...asNobody, process.execPath, 'bin/run.js', 'run'];
    const agent = lab.agent.spawn('setpriv', words, { env: { XDG_STATE_HOME: state } });
    const line = await agent.line((each) => each.startsWith('blocking'));
    expect(line).toMatch(/observing.*CAP_NET_ADMIN/);
    await agent.stop('SIGTERM');
    expect(existsSync(join(state, 'sentrypeer', 'sentrypeer.db'))).toBe(true);
  });

  it('a second agent on the same database: says which process holds it', async () => {
    const agent = await startAgent(lab, { args: ['-v'] });
    const second = await runCommand(lab.agent, agent.stateDir, ['run']);
    await agent.stop('SIGTERM');
    await check(second, 'AGENT_RUNNING', new RegExp(`${agent.pid}`));
  });
});
