import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFacts, type InstallFacts } from '../../../src/agent/install/facts.js';
import { oneAtATime } from '../../../src/agent/install/one-at-a-time.js';
import { pathsBelow, planInstall } from '../../../src/agent/install/plan-install.js';
import { planUninstall } from '../../../src/agent/install/plan-uninstall.js';
import { runSteps, type StepResult } from '../../../src/agent/install/run-steps.js';
import type { Step } from '../../../src/agent/install/steps.js';
import { loadSettings } from '../../../src/config/load.js';

const shipped = readFacts(join(import.meta.dirname, '..', '..', '..'));

const MARKER = '.made-by-sentrypeer-agent';

let folder = '';
let prefix = '';
let facts: InstallFacts = shipped;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sentrypeer-install-'));
  prefix = join(folder, 'root');
  facts = { ...shipped, hostName: 'pbx1.example.org', sourceFolder: await makeSource() };
});
afterEach(() => rm(folder, { recursive: true }));

/** A program of the same shape as this one, small, as a clone with a narrow umask leaves it. */
async function makeSource(): Promise<string> {
  const source = join(folder, 'clone');
  const record = {
    packages: {
      'node_modules/needed': {},
      'node_modules/needed/node_modules/inner': {},
      'node_modules/tool': { dev: true },
      'node_modules/elsewhere': { optional: true },
    },
  };
  const files: Readonly<Record<string, string>> = {
    'package.json': '{\n  "name": "sentrypeer-agent"\n}\n',
    'bin/run.js': '#!/usr/bin/env node\nconsole.log("ran", ...process.argv.slice(2));\n',
    'dist/a/b.js': 'b',
    'src/b.ts': 'b',
    'node_modules/.package-lock.json': JSON.stringify(record),
    'node_modules/.bin/tool': 'tool',
    'node_modules/needed/index.js': 'n',
    'node_modules/needed/node_modules/inner/index.js': 'i',
    'node_modules/tool/index.js': 't',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(source, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(source, name), text, { mode: name === 'bin/run.js' ? 0o700 : 0o600 });
  }
  return source;
}

const run = (steps: readonly Step[], dryRun = false): Promise<readonly StepResult[]> =>
  runSteps(steps, { dryRun, print: () => undefined });

const startService = (): Promise<boolean> => Promise.resolve(true);
const plan = (): readonly Step[] => planInstall({ prefix, facts, startService });
const install = (dryRun = false) => run(plan(), dryRun);

const failing: Step = {
  kind: 'call',
  what: 'a step that fails',
  run: () => Promise.reject(new Error('no space left')),
};

/** For the real root alone. */
const CALLS = {
  stopAgent: () => Promise.reject(new Error('not here')),
  removeFirewall: () => Promise.reject(new Error('not here')),
};

const uninstall = (purge: boolean) => run(planUninstall({ prefix, facts, purge, ...CALLS }));

const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8);

async function listAll(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const outcomes = (results: readonly StepResult[]) =>
  new Set(results.map((result) => result.outcome));

describe('an installation below a prefix', () => {
  it('puts everything in place, open to exactly those who need it', async () => {
    expect(outcomes(await install())).toEqual(new Set(['done']));
    const paths = pathsBelow(prefix);
    expect(await Promise.all([paths.configFolder, paths.rulesFolder].map(modeOf))).toEqual([
      '750',
      '750',
    ]);
    expect(await Promise.all([paths.stateFolder, paths.logFolder].map(modeOf))).toEqual([
      '700',
      '750',
    ]);
    expect(await modeOf(paths.configFile)).toBe('640');
    expect(await modeOf(join(paths.program, 'bin/run.js'))).toBe('755');
    expect(await modeOf(join(paths.program, 'dist/a'))).toBe('755');
    expect(await modeOf(join(paths.program, 'dist/a/b.js'))).toBe('644');
  });

  it('copies what the program needs at run time, and nothing else', async () => {
    await install();
    const { program } = pathsBelow(prefix);
    expect((await listAll(program)).map((path) => path.slice(program.length + 1)).sort()).toEqual([
      '.installed',
      'bin/run.js',
      'dist/a/b.js',
      'node_modules/needed/index.js',
      'node_modules/needed/node_modules/inner/index.js',
      'package.json',
    ]);
  });

  it('gives a command that runs', async () => {
    await install();
    const said = execFileSync(pathsBelow(prefix).command, ['status', 'a b'], { encoding: 'utf8' });
    expect(said).toBe('ran status a b\n');
  });

  it('writes a configuration that loads, with a realm of this host', async () => {
    await install();
    const { configFile } = pathsBelow(prefix);
    const loaded = await loadSettings({ file: configFile, env: {}, flags: {} });
    expect(loaded.settings.sipDomain).toBe('example.org');
  });

  it('changes nothing when it is run again', async () => {
    await install();
    expect(outcomes(await install())).toEqual(new Set(['already so']));
  });

  it('renews the program and keeps the configuration when there is a newer one', async () => {
    await install();
    const { configFile, program } = pathsBelow(prefix);
    await writeFile(configFile, 'listen_port = 5070\n');
    await writeFile(join(facts.sourceFolder, 'dist/a/b.js'), 'c');
    const results = await install();
    expect(
      results.filter((result) => result.outcome === 'done').map((result) => result.what),
    ).toEqual([`program ${program} (from ${facts.sourceFolder})`]);
    expect(await readFile(join(program, 'dist/a/b.js'), 'utf8')).toBe('c');
    expect(await readFile(configFile, 'utf8')).toBe('listen_port = 5070\n');
  });

  it('mends rights that were changed', async () => {
    await install();
    const { stateFolder } = pathsBelow(prefix);
    await chmod(stateFolder, 0o755);
    const results = await install();
    expect(results.find((result) => result.outcome === 'done')?.what).toContain(stateFolder);
    expect(await modeOf(stateFolder)).toBe('700');
  });

  it('only tells in a dry run', async () => {
    expect(outcomes(await install(true))).toEqual(new Set(['would be done']));
    await expect(stat(prefix)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('what belongs to somebody else', () => {
  const cases: readonly (readonly [keyof ReturnType<typeof pathsBelow>, string, RegExp])[] = [
    ['configFile', 'port: 5060\n', /sentrypeer.conf is there and is not a configuration that this/],
    ['unit', '[Service]\nExecStart=/bin/true\n', /agent.service is there and was not written by/],
    ['command', '#!/bin/sh\necho other\n', /sentrypeer-agent is there and was not written by/],
    ['program', 'a file\n', /sentrypeer-agent is there and is no folder/],
    ['stateFolder', 'a file\n', /sentrypeer is there and is no folder/],
  ];
  it.each(cases)('is refused at %s before anything is done', async (name, text, message) => {
    const path = pathsBelow(prefix)[name];
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await expect(install()).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
    await expect(install()).rejects.toThrow(message);
    expect(await listAll(prefix)).toEqual([path]);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect((await install(true)).map((result) => result.outcome)).toContain('would be refused');
  });

  it('is refused as a folder with another program, by uninstall too', async () => {
    const { program } = pathsBelow(prefix);
    await mkdir(program, { recursive: true });
    await writeFile(join(program, 'package.json'), '{"name": "other"}');
    await expect(install()).rejects.toThrow(/holds another program/);
    await expect(uninstall(true)).rejects.toThrow(/holds another program/);
    expect(await listAll(prefix)).toHaveLength(1);
  });
});

it('says after a failure what was done, and goes on from there', async () => {
  const { configFile, logFolder } = pathsBelow(prefix);
  const steps = plan();
  const at = steps.findIndex((step) => step.kind === 'file' && step.path === configFile);
  await expect(run([...steps.slice(0, at), failing, ...steps.slice(at)])).rejects.toThrow(
    /^a step that fails: no space left \(done before: .*\/var\/log\/sentrypeer/,
  );
  expect((await stat(logFolder)).isDirectory()).toBe(true);
  const results = await install();
  expect(results.slice(0, at).map((result) => result.outcome)).not.toContain('done');
  expect(results.slice(at).map((result) => result.outcome)).not.toContain('already so');
});

describe('a failure of an installation that takes back what it did', () => {
  const undoing = (steps: readonly Step[], afterUndo = () => Promise.resolve()) =>
    runSteps(steps, { dryRun: false, print: () => undefined, afterUndo });

  it('leaves nothing of a first one', async () => {
    await expect(undoing([...plan(), failing])).rejects.toThrow(
      'a step that fails: no space left (everything is as it was before)',
    );
    expect(await listAll(prefix)).toEqual([]);
    await expect(stat(pathsBelow(prefix).stateFolder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('puts back the program, files and rights that an upgrade had changed', async () => {
    await install();
    const { program, unit, stateFolder } = pathsBelow(prefix);
    await writeFile(unit, '# sentrypeer-agent, an older one\n');
    await chmod(unit, 0o600);
    await chmod(stateFolder, 0o755);
    await writeFile(join(stateFolder, 'sentrypeer.db'), 'data');
    await writeFile(join(facts.sourceFolder, 'dist/a/b.js'), 'newer');
    const before = await listAll(prefix);
    let after = 0;
    const afterUndo = (): Promise<void> => Promise.resolve(void (after += 1));
    await expect(undoing([...plan(), failing], afterUndo)).rejects.toThrow('as it was before');
    expect(after).toBe(1);
    expect(await listAll(prefix)).toEqual(before);
    expect(await readFile(join(program, 'dist/a/b.js'), 'utf8')).toBe('b');
    expect(await readFile(unit, 'utf8')).toBe('# sentrypeer-agent, an older one\n');
    expect([await modeOf(unit), await modeOf(stateFolder)]).toEqual(['600', '755']);
    expect(outcomes(await undoing(plan()))).toContain('done');
    expect(await readFile(join(program, 'dist/a/b.js'), 'utf8')).toBe('newer');
    await expect(stat(`${program}.old`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('says what it could not take back, and takes back the rest', async () => {
    const command = { kind: 'command', unless: null, when: 'always', onlyWith: null } as const;
    const stubborn: Step = { ...command, words: ['true'], undo: ['false'], lossWhenFailed: null };
    await expect(undoing([...plan(), stubborn, failing])).rejects.toThrow(
      /\(not everything could be made as it was before: command true: .*false/,
    );
    expect(await listAll(prefix)).toEqual([]);
  });
});

it('heeds a signal between two steps, and takes back what was done', async () => {
  const signal: Step = {
    kind: 'call',
    what: 'a step during which Ctrl-C is typed',
    run: () => {
      process.emit('SIGINT');
      return Promise.resolve(true);
    },
  };
  const options = { dryRun: false, print: () => undefined, afterUndo: () => Promise.resolve() };
  await expect(runSteps([...plan(), signal, ...plan()], options)).rejects.toThrow(
    'ended by SIGINT (everything is as it was before)',
  );
  expect(await listAll(prefix)).toEqual([]);
});

it('copies the program anew where a file of it was changed or is gone', async () => {
  await install();
  const { program } = pathsBelow(prefix);
  await writeFile(join(program, 'dist/a/b.js'), 'b, changed by hand');
  expect(outcomes(await install())).toContain('done');
  expect(await readFile(join(program, 'dist/a/b.js'), 'utf8')).toBe('b');
});

describe('one installation at a time', () => {
  it('names the one that is under way, and takes over from one that was killed', async () => {
    const file = join(folder, 'lock');
    const first = oneAtATime(() => oneAtATime(() => Promise.resolve(), file), file);
    await expect(first).rejects.toThrow(
      `another installation is under way (process ${process.pid}`,
    );
    await writeFile(file, '4194304999');
    expect(await oneAtATime(() => Promise.resolve('done'), file)).toBe('done');
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

it('says when a step did not come to what it is for', async () => {
  const file = join(folder, 'gone');
  const step: Step = {
    kind: 'file',
    path: file,
    content: '# sentrypeer-agent',
    mode: 0o644,
    owner: null,
    existing: 'renew',
    ours: { by: 'text', text: '# sentrypeer-agent, but not so' },
  };
  await expect(run([step])).rejects.toThrow(/gone.*: it was done, and is not so all the same/);
});

it('goes on past a command that may fail, and says what is lost', async () => {
  const command = { kind: 'command', unless: null, when: 'always', onlyWith: null } as const;
  const results = await run([
    { ...command, words: ['false'], lossWhenFailed: 'the buffer comes later' },
    { ...command, words: ['true'], lossWhenFailed: null },
    { ...command, words: ['false'], unless: ['true'], lossWhenFailed: null },
    { ...command, words: ['false'], onlyWith: '/no/such', lossWhenFailed: null },
  ]);
  expect(results.map((result) => result.outcome)).toEqual([
    'left out',
    'done',
    'already so',
    'already so',
  ]);
  expect(results[0]?.note).toContain('the buffer comes later');
});

describe('an uninstallation', () => {
  it('keeps configuration and data, and can be repeated', async () => {
    await install();
    const paths = pathsBelow(prefix);
    const results = await uninstall(false);
    // The other name was not asked for.
    const absent = results.filter(({ outcome }) => outcome !== 'done');
    expect(absent.map(({ what }) => what)).toEqual([
      `remove ${paths.alias}`,
      `remove ${paths.program}.new`,
      `remove ${paths.program}.old`,
    ]);
    const left = (await listAll(prefix)).filter((path) => !path.endsWith(MARKER));
    expect(left).toEqual([paths.configFile]);
    expect(outcomes(await uninstall(false))).toEqual(new Set(['already so']));
  });

  it('leaves folders that were there before, with what is in them, also when purged', async () => {
    const { configFolder, stateFolder, logFolder } = pathsBelow(prefix);
    const others = [join(stateFolder, 'others.db'), join(logFolder, 'others.log')];
    for (const file of others) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, 'theirs');
    }
    await install();
    expect(outcomes(await install())).toEqual(new Set(['already so']));
    const results = await uninstall(true);
    expect(results.filter(({ outcome }) => outcome === 'left out')).toMatchObject([
      {
        what: `remove ${stateFolder}`,
        note: expect.stringContaining('was there before') as string,
      },
      { what: `remove ${logFolder}`, note: expect.stringContaining('was there before') as string },
    ]);
    expect((await listAll(prefix)).sort()).toEqual(others);
    await expect(stat(configFolder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('takes a folder that was there empty', async () => {
    const { stateFolder } = pathsBelow(prefix);
    await mkdir(stateFolder, { recursive: true, mode: 0o700 });
    await install();
    await uninstall(true);
    await expect(stat(stateFolder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves an account that it did not make', async () => {
    const [result] = await run([{ kind: 'remove-user', name: 'nobody' }]);
    expect(result).toMatchObject({
      outcome: 'left out',
      note: 'the account nobody was not made by an installation of this program',
    });
  });

  it('takes configuration and data away when asked to', async () => {
    await install();
    const paths = pathsBelow(prefix);
    await writeFile(join(paths.stateFolder, 'sentrypeer.db'), '');
    await uninstall(true);
    expect(await listAll(prefix)).toEqual([]);
    await expect(stat(paths.stateFolder)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
