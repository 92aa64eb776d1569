import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { load } from './load-script.js';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const { withLock } = await load<{
  withLock: (folder: string, work: () => Promise<void>) => Promise<void>;
}>('scripts/setup/lock.js');
const { digestFiles, listFiles } = await load<{
  digestFiles: (root: string, files: readonly string[], extra: string) => string;
  listFiles: (root: string, folder: string) => string[];
}>('scripts/setup/digest.js');
const { nodeHeadersFolder } = await load<{
  nodeHeadersFolder: (execPath?: string) => string | null;
}>('scripts/setup/toolchain.js');

const { sortManifest } = await load<{ sortManifest: (text: string) => string }>(
  'scripts/setup/manifest.js',
);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sentrypeer-setup-'));
});
afterEach(() => rm(folder, { recursive: true }));

const put = async (name: string, text: string): Promise<string> => {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

describe('the lock', () => {
  const lockModule = pathToFileURL(join(ROOT, 'scripts/setup/lock.js')).href;

  it('lets one process work at a time', async () => {
    const log = await put('log', '');
    const code = `
      import { appendFileSync } from 'node:fs';
      import { setImmediate } from 'node:timers/promises';
      import { withLock } from '${lockModule}';
      await withLock('${folder}', async () => {
        appendFileSync('${log}', 'in ');
        for (let turn = 0; turn < 1000; turn += 1) await setImmediate();
        appendFileSync('${log}', 'out ');
      });`;
    const args = ['--input-type=module', '-e', code];
    await Promise.all([1, 2, 3].map(() => run(process.execPath, args)));
    expect(await readFile(log, 'utf8')).toBe('in out '.repeat(3));
  });

  it('is taken over from a process that is gone', async () => {
    const gone = spawn('true');
    await once(gone, 'exit');
    await put('lock/pid', String(gone.pid));
    let worked = false;
    await withLock(folder, () => {
      worked = true;
      return Promise.resolve();
    });
    expect(worked).toBe(true);
    await expect(stat(join(folder, 'lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['whose owner never wrote its number', 'lock/other', 60],
    ['whose owner has its number from a process long gone', 'lock/pid', 7_200],
  ])('is taken over from one %s', async (_name, file, ageS) => {
    await put(file, String(process.pid));
    const then = Date.now() / 1_000 - ageS;
    await utimes(join(folder, 'lock'), then, then);
    await withLock(folder, () => Promise.resolve());
    await expect(stat(join(folder, 'lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('the digest', () => {
  it('follows content, name, absence and what else is said', async () => {
    await put('src/a.ts', 'a');
    await put('src/deep/b.ts', 'b');
    const files = listFiles(folder, 'src');
    expect(files).toEqual(['src/a.ts', 'src/deep/b.ts']);
    const first = digestFiles(folder, files, '');
    expect(digestFiles(folder, files, '')).toBe(first);
    const others = [digestFiles(folder, files, 'x'), digestFiles(folder, [...files, 'none'], '')];
    await put('src/a.ts', 'c');
    others.push(digestFiles(folder, files, ''));
    expect(new Set([first, ...others]).size).toBe(4);
  });
});

it('finds the headers beside the Node that runs, before those of the system', async () => {
  await put('include/node/node_api.h', '');
  const node = await put('bin/node', '');
  expect(nodeHeadersFolder(node)).toBe(folder);
});

it('gives the commands of a manifest an order of their own', () => {
  const one = sortManifest('{"commands":{"b":{"z":1,"a":2},"a":{}},"version":"1"}');
  expect(one).toBe(sortManifest('{"commands":{"a":{},"b":{"z":1,"a":2}},"version":"1"}'));
  expect(JSON.parse(one)).toEqual({ commands: { a: {}, b: { z: 1, a: 2 } }, version: '1' });
});

it('says where a command is from dist on, so that it loads from a folder at any depth', () => {
  const path = ['..', '..', 'home', 'somebody', 'agent', 'dist', 'commands', 'run.js'];
  const text = sortManifest(JSON.stringify({ commands: { run: { relativePath: path } } }));
  expect(JSON.parse(text)).toEqual({
    commands: { run: { relativePath: ['dist', 'commands', 'run.js'] } },
  });
});

/** A project of the same shape, whose packages and build are faked by small programs. */
async function makeProject(): Promise<void> {
  const copies = [
    'setup.js',
    'setup/bundle.js',
    'setup/digest.js',
    'setup/licences.js',
    'setup/lock.js',
    'setup/manifest.js',
    'setup/run.js',
    'setup/toolchain.js',
  ];
  for (const name of copies) {
    await put(`scripts/${name}`, await readFile(join(ROOT, 'scripts', name), 'utf8'));
  }
  const packages = JSON.stringify({
    packages: { '': {}, 'node_modules/sqlite3': { version: '1.0.0' } },
  });
  await put('package.json', '{"type": "module"}');
  await put('package-lock.json', packages);
  await put('tsconfig.json', '{}');
  await put('src/a.ts', 'a');
  await put('rules/a.yaml', 'a');
  await put('node_modules/.package-lock.json', packages);
  await put('node_modules/sqlite3/index.js', '');
  await put('node_modules/typescript/package.json', '{}');
  await put(
    'node_modules/typescript/bin/tsc',
    `const fs = require('node:fs');
     if (fs.readFileSync('src/a.ts', 'utf8') === 'wrong') { console.log('a.ts(1): wrong'); process.exit(2); }
     fs.mkdirSync('dist.new/config', { recursive: true });
     for (const folder of ['cli', 'commands/deep', 'store']) fs.mkdirSync('dist.new/' + folder, { recursive: true });
     for (const name of ['a', 'cli/command-not-found', 'cli/main', 'commands/deep/b', 'store/worker'])
       fs.copyFileSync('src/a.ts', 'dist.new/' + name + '.js');
     fs.mkdirSync('dist.new/config/rules', { recursive: true });
     fs.copyFileSync('prepare.js', 'dist.new/config/rules/rules.js');`,
  );
  await put(
    'prepare.js',
    `import { readFileSync, writeFileSync } from 'node:fs';
     export async function prepareRules(directory, file) {
       const text = readFileSync(directory + '/a.yaml', 'utf8');
       if (text === 'wrong') throw new Error('a.yaml is wrong');
       writeFileSync(file, text);
     }`,
  );
  // What the real one does is tried in load.test.ts.
  await put(
    'scripts/setup/bytecode.js',
    `import { writeFileSync } from 'node:fs';
     export const keepBytecode = async (root) => writeFileSync(root + '/dist/kept', '');`,
  );
  // So is what this one does, in dashboard.test.ts.
  await put(
    'scripts/setup/dashboard.js',
    `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
     export const buildDashboard = async (root, before, fresh) => {
       if (readFileSync(root + '/src/a.ts', 'utf8') === 'no page') throw new Error('there is no page');
       mkdirSync(fresh, { recursive: true });
       writeFileSync(fresh + '/index.html', 'page');
     };`,
  );
  await put('node_modules/some/package.json', '{"name":"some","version":"1.0.0","license":"MIT"}');
  await put('node_modules/some/LICENSE', 'Some rights');
  await put('node_modules/rolldown/package.json', '{"main": "main.js"}');
  await put(
    'node_modules/rolldown/main.js',
    `const fs = require('node:fs');
     exports.rolldown = async ({ cwd, input }) => ({
       write: async ({ dir }) => {
         fs.mkdirSync(dir);
         for (const [name, file] of Object.entries(input)) {
           const text = fs.readFileSync(cwd + '/' + file, 'utf8');
           if (text === 'tangled') throw new Error('b.js is tangled');
           fs.writeFileSync(dir + '/' + name + '.cjs', text + ' joined');
         }
         return { output: [{ moduleIds: [cwd + '/a.js', process.cwd() + '/node_modules/some/a.js'] }] };
       },
       close: async () => {},
     });`,
  );
  await put('node_modules/oclif/package.json', '{}');
  await put(
    'node_modules/oclif/bin/run.js',
    `const fs = require('node:fs');
     const id = fs.readFileSync('dist/a.js', 'utf8');
     fs.writeFileSync('oclif.manifest.json', JSON.stringify({ commands: { [id]: {}, a: {} } }));`,
  );
}

const setUp = async (): Promise<string> =>
  (await run(process.execPath, ['scripts/setup.js'], { cwd: folder, env: { PATH: '/nowhere' } }))
    .stderr;

describe('setting up', () => {
  beforeEach(makeProject);

  it('takes packages that npm has put there for what they are, and builds', async () => {
    expect(await setUp()).toBe('setup: building …\n');
    expect(await readFile(join(folder, 'dist/a.js'), 'utf8')).toBe('a');
  });

  it('joins the modules of each command, and keeps the old build where that fails', async () => {
    await setUp();
    const command = join(folder, 'dist/joined/commands-deep-b.cjs');
    expect(await readFile(command, 'utf8')).toBe('a joined');
    expect(await readFile(join(folder, 'dist/kept'), 'utf8')).toBe('');
    const licences = await readFile(join(folder, 'dist/THIRD-PARTY-LICENSES'), 'utf8');
    expect(licences).toContain('some 1.0.0 (MIT)\n\nSome rights');
    await put('src/a.ts', 'tangled');
    await expect(setUp()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/b\.js is tangled[^]*setup: the build failed\n$/) as string,
    });
    expect(await readFile(command, 'utf8')).toBe('a joined');
    await expect(stat(join(folder, 'dist.new'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('builds without joining where the package for that does not load', async () => {
    await put('node_modules/rolldown/main.js', `throw new Error('no binary for this machine')`);
    expect(await setUp()).toMatch(/building …\n.*not joined.*no binary for this machine\n/);
    expect(await readFile(join(folder, 'dist/commands/deep/b.js'), 'utf8')).toBe('a');
  });

  it('builds the dashboard as well, and keeps the old build where that fails', async () => {
    await setUp();
    expect(await readFile(join(folder, 'dist/dashboard/index.html'), 'utf8')).toBe('page');
    await put('src/a.ts', 'no page');
    await expect(setUp()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/there is no page[^]*setup: the build failed\n$/) as string,
    });
    expect(await readFile(join(folder, 'dist/a.js'), 'utf8')).toBe('a');
    await expect(stat(join(folder, 'dist.new'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('does nothing and says nothing when nothing changed', async () => {
    await setUp();
    await rm(join(folder, '.setup'), { recursive: true });
    expect(await setUp()).toBe('');
    await expect(stat(join(folder, '.setup'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('builds again when a source changed, and says that the manifest is another', async () => {
    await setUp();
    await put('src/a.ts', 'b');
    await put('dist/old.js', '');
    expect(await setUp()).toMatch(/building …\n.*oclif.manifest.json was renewed/);
    expect(await readFile(join(folder, 'dist/a.js'), 'utf8')).toBe('b');
    await expect(stat(join(folder, 'dist/old.js'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('shows what the compiler said, keeps the old build, and fails', async () => {
    await setUp();
    await put('src/a.ts', 'wrong');
    await expect(setUp()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/a\.ts\(1\): wrong[^]*setup: the build failed\n$/) as string,
    });
    expect(await readFile(join(folder, 'dist/a.js'), 'utf8')).toBe('a');
    await expect(stat(join(folder, '.setup/lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('prepares the rules, anew when one changed, and builds although one is wrong', async () => {
    const prepared = join(folder, 'dist/rules.json');
    await setUp();
    expect(await readFile(prepared, 'utf8')).toBe('a');
    await put('rules/a.yaml', 'b');
    await setUp();
    expect(await readFile(prepared, 'utf8')).toBe('b');
    await put('rules/a.yaml', 'wrong');
    await setUp();
    await expect(stat(prepared)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readFile(join(folder, 'dist/a.js'), 'utf8')).toBe('a');
  });

  it('survives two at once', async () => {
    await Promise.all([setUp(), setUp()]);
    expect(await readFile(join(folder, 'dist/a.js'), 'utf8')).toBe('a');
    expect(await setUp()).toBe('');
  });

  it('calls npm when the packages are not those of the lock file, and says what failed', async () => {
    const lock = { packages: { 'node_modules/sqlite3': { version: '2.0.0' } } };
    await put('package-lock.json', JSON.stringify(lock));
    await expect(setUp()).rejects.toMatchObject({
      stderr: expect.stringMatching(
        /installing packages[^]*npm: [^]*setup: npm ci failed: compiling sqlite3 takes g\+\+, make, python3; on Debian type/,
      ) as string,
    });
  });
});
