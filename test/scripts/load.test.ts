import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');

let folder = '';
const put = async (name: string, text: string): Promise<void> => {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
};

/** A joined program that says what it is, whether its bytecode was taken, and what a command says. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sentrypeer-load-'));
  await put('package.json', '{"type": "module"}');
  for (const name of ['bin/load.js', 'scripts/setup/keep-bytecode.js']) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await copyFile(join(ROOT, name), join(folder, name));
  }
  await put(
    'bin/run.js',
    `import { load, isJoined, scripts } from './load.js';
     const { main } = isJoined() ? load('cli-main.cjs') : await import('../dist/cli/main.js');
     const said = await main(process.argv[2]);
     const rejected = [...scripts.values()].map((script) => script.cachedDataRejected ?? 'none');
     console.log(JSON.stringify({ said, rejected }));`,
  );
  await put('dist/cli/main.js', `export const main = async () => 'not joined';`);
  await put(
    'dist/joined/cli-main.cjs',
    `const { add } = require('./add-1.cjs');
     const { join } = require('node:path');
     exports.main = async (url) => [join(__dirname, '..') === require('node:path').dirname(__dirname),
       add(1, 2), require('./add-1.cjs').add === add, url === undefined ? null : (await importModule(url)).default];`,
  );
  await put('dist/joined/add-1.cjs', 'exports.add = (one, other) => one + other;');
  await put('dist/joined/commands-deep-b.cjs', `exports.default = 'joined b';`);
  await put('dist/commands/deep/b.js', `export default 'a module';`);
  await put('other/b.js', `export default 'another';`);
});
afterEach(() => rm(folder, { recursive: true }));

interface Said {
  readonly said: unknown;
  readonly rejected: unknown[];
}

async function start(flags: readonly string[] = [], words: readonly string[] = []): Promise<Said> {
  const { stdout } = await run(process.execPath, [...flags, 'bin/run.js', ...words], {
    cwd: folder,
  });
  return JSON.parse(stdout) as Said;
}

const KEEP = ['--import', './scripts/setup/keep-bytecode.js'];
const kept = async (): Promise<string[]> =>
  (await readdir(join(folder, 'dist/joined'))).filter((name) => name.startsWith('bytecode-'));

describe('the joined program', () => {
  it('is loaded once each, and requires what stands beside it and what Node has', async () => {
    expect((await start()).said).toEqual([true, 3, true, null]);
  });

  it('takes a module by its URL from what was joined, and any other as it is', async () => {
    const says = async (name: string): Promise<unknown> =>
      (await start([], [`file://${folder}/${name}`])).said;
    expect(await says('dist/commands/deep/b.js')).toEqual([true, 3, true, 'joined b']);
    expect(await says('other/b.js')).toEqual([true, 3, true, 'another']);
  });

  it('is not asked for where the build could not join', async () => {
    await rm(join(folder, 'dist/joined'), { recursive: true });
    expect((await start()).said).toBe('not joined');
  });
});

describe('kept bytecode', () => {
  it('is taken by the next start, for each set of flags its own', async () => {
    expect((await start()).rejected).toEqual(['none', 'none']);
    await start(KEEP);
    expect((await start()).rejected).toEqual([false, false]);
    const flags = ['--max-semi-space-size=4'];
    expect((await start(flags)).rejected).toEqual(['none', 'none']);
    await start([...flags, ...KEEP]);
    expect((await start(flags)).rejected).toEqual([false, false]);
    expect((await start()).rejected).toEqual([false, false]);
    expect(await kept()).toHaveLength(2);
  });

  it('of code that was other, or that is cut off, is not taken, and costs only time', async () => {
    await start(KEEP);
    const [name = ''] = await kept();
    const file = join(folder, 'dist/joined', name, 'add-1.cjs');
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, bytes.length - 100));
    await put(
      'dist/joined/cli-main.cjs',
      `exports.main = async () => require('./add-1.cjs').add(2, 2);`,
    );
    expect(await start()).toEqual({ said: 4, rejected: [true, true] });
  });

  it('is written by nobody but the build', async () => {
    await start();
    expect(await kept()).toEqual([]);
  });
});
