import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runQuietly, say } from './run.js';

/** Debian's packages of the programs that compiling sqlite3 takes. */
const PACKAGE_OF = { 'g++': 'g++', make: 'make', python3: 'python3' };

/** The folder whose include/node holds the headers of this Node; null when they are not installed. */
export function nodeHeadersFolder(execPath = process.execPath) {
  const besideNode = dirname(dirname(realpathSync(execPath)));
  const folders = [besideNode, '/usr', '/usr/local'];
  return (
    folders.find((folder) => existsSync(join(folder, 'include', 'node', 'node_api.h'))) ?? null
  );
}

/** One line that says what is missing for compiling and what to type; null when nothing is. */
export function compilerProblem() {
  const missing = Object.keys(PACKAGE_OF).filter((program) => !isInPath(program));
  if (missing.length === 0) return null;
  const packages = missing.map((program) => PACKAGE_OF[program]).join(' ');
  return `compiling sqlite3 takes ${missing.join(', ')}; on Debian type: sudo apt-get install ${packages}`;
}

/** Installs what is missing where that can be done without asking: as root, on a system with apt. */
export async function installCompiler() {
  if (process.getuid?.() !== 0 || !isInPath('apt-get')) return;
  const missing = Object.keys(PACKAGE_OF).filter((program) => !isInPath(program));
  const packages = missing.map((program) => PACKAGE_OF[program]);
  say(`installing ${packages.join(', ')} with apt-get, to compile sqlite3 …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages];
  if ((await runQuietly('/', install, env)) === null) return;
  // The lists of packages are absent on a fresh machine, or old.
  await runQuietly('/', ['apt-get', 'update', '-qq'], env);
  const failed = await runQuietly('/', install, env);
  if (failed !== null) say(`apt-get could not install them: ${lastLine(failed)}`);
}

function isInPath(program) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return (
    folders.some((folder) => folder !== '' && existsSync(join(folder, program))) &&
    // A launcher may be there for a program that is not.
    spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
  );
}

function lastLine(text) {
  const errors = text.split('\n').filter((line) => line.startsWith('E:'));
  return errors[0] ?? text.trim().split('\n').at(-1) ?? '';
}
