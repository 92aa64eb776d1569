// Makes a fresh clone ready to run: packages installed, TypeScript built. Runs before node_modules
// exists, so it uses nothing but Node. With nothing to do it takes a moment and no network.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './setup/bundle.js';
import { keepBytecode } from './setup/bytecode.js';
import { buildDashboard } from './setup/dashboard.js';
import { digestFiles, listFiles } from './setup/digest.js';
import { withLock } from './setup/lock.js';
import { makeManifest } from './setup/manifest.js';
import { runQuietly, say, stop } from './setup/run.js';
import { compilerProblem, installCompiler, nodeHeadersFolder } from './setup/toolchain.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const PACKAGES_STAMP = join(ROOT, 'node_modules', '.sentrypeer-setup');
const BUILD_STAMP = join(ROOT, 'dist', '.stamp');
const at = (...parts) => join(ROOT, ...parts);

checkNode();
if (!packagesReady() || !buildReady()) {
  await withLock(at('.setup'), async () => {
    // Asked again: another set-up may have done it while this one waited.
    if (!packagesReady()) await installPackages();
    if (!buildReady()) await build();
  });
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  stop(`this needs Node 20.19 or newer; ${process.execPath} is ${process.versions.node}`);
}

function packagesReady() {
  return readStamp(PACKAGES_STAMP) === packagesDigest();
}

function buildReady() {
  return readStamp(BUILD_STAMP) === buildDigest() && existsSync(at('oclif.manifest.json'));
}

/** What the installed packages depend on: the lock file, and what compiled code is made for. */
function packagesDigest() {
  const machine = [process.platform, process.arch, process.versions.modules].join(' ');
  return digestFiles(ROOT, ['package-lock.json'], machine);
}

function buildDigest() {
  const files = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'bin/load.js',
    'scripts/setup/bundle.js',
    'scripts/setup/bytecode.js',
    'scripts/setup/dashboard.js',
    ...listFiles(ROOT, 'src'),
    ...listFiles(ROOT, 'rules'),
  ];
  return digestFiles(ROOT, files, '');
}

function readStamp(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

async function installPackages() {
  // What npm recorded may be the lock file's packages already: installed by hand, or before Node
  // was updated (the compiled package serves all versions of Node).
  if (!recordMatchesLock() || !sqliteLoads()) await installAnew();
  writeFileSync(PACKAGES_STAMP, packagesDigest());
}

async function installAnew() {
  if (compilerProblem() !== null) await installCompiler();
  say('installing packages and compiling sqlite3 (first time: about two minutes) …');
  const failed = await runQuietly(ROOT, npm('ci', '--include=dev'), npmEnvironment());
  if (failed !== null) stopForPackages('npm ci failed', failed);
  if (sqliteLoads()) return;
  say('compiling sqlite3 again (about 90 seconds) …');
  const broken = await runQuietly(ROOT, npm('rebuild', 'sqlite3'), npmEnvironment());
  if (broken !== null) stopForPackages('sqlite3 could not be compiled', broken);
  if (!sqliteLoads()) stopForPackages('sqlite3 was compiled, but does not load', '');
}

function stopForPackages(what, output) {
  const problem = compilerProblem();
  stop(problem === null ? what : `${what}: ${problem}`, output);
}

function recordMatchesLock() {
  const record = at('node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' ||
      (installed[path] === undefined
        ? entry.optional === true || entry.devOptional === true
        : installed[path].version === entry.version && existsSync(at(path))),
  );
}

function sqliteLoads() {
  const code = "require('sqlite3')";
  return spawnSync(process.execPath, ['-e', code], { cwd: ROOT, stdio: 'ignore' }).status === 0;
}

function npm(...words) {
  // npm says where it is, so that the very npm that runs this is used.
  const script = process.env.npm_execpath ?? '';
  return /npm-cli\.c?js$/.test(script) && existsSync(script)
    ? [process.execPath, script, ...words]
    : ['npm', ...words];
}

/**
 * sqlite3 would fetch a binary that no lock file vouches for: it is compiled from its package, whose
 * digest stands in ours. node-gyp fetches the headers of Node unless it is told where they are.
 */
function npmEnvironment() {
  const env = { ...process.env, npm_config_build_from_source: 'sqlite3' };
  const folder = process.env.npm_config_nodedir ?? nodeHeadersFolder();
  return folder === null ? env : { ...env, npm_config_nodedir: folder };
}

async function build() {
  say('building …');
  const fresh = at('dist.new');
  rmSync(fresh, { recursive: true, force: true });
  const digest = buildDigest();
  const tsc = at('node_modules', 'typescript', 'bin', 'tsc');
  const compile = [process.execPath, tsc, '-p', 'tsconfig.json', '--outDir', fresh];
  const [compiled, page] = await Promise.all([
    runQuietly(ROOT, compile, process.env),
    failureOf(buildDashboard(ROOT, at('dist', 'dashboard'), join(fresh, 'dashboard'))),
  ]);
  const failed = compiled ?? page ?? (await failureOf(bundle(ROOT, fresh)));
  if (failed !== null) {
    rmSync(fresh, { recursive: true, force: true });
    stop('the build failed', failed);
  }
  await prepareRules(fresh);
  swapFolder(fresh, at('dist'));
  await renewManifest();
  await keepBytecode(ROOT);
  writeFileSync(BUILD_STAMP, digest);
}

function failureOf(work) {
  return work.then(
    () => null,
    (error) => String(error),
  );
}

/** Rules that are wrong are told by the program itself, which parses them then. */
async function prepareRules(folder) {
  const { prepareRules: prepare } = await import(join(folder, 'config', 'rules', 'rules.js'));
  await prepare(at('rules'), join(folder, 'rules.json')).catch(() => undefined);
}

/** A whole folder takes the place of the old one, so that no file of an older build stays. */
function swapFolder(fresh, target) {
  const old = `${target}.old`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
}

async function renewManifest() {
  const file = at('oclif.manifest.json');
  const { text, failed } = await makeManifest(ROOT);
  if (text === undefined) stop('oclif manifest failed', failed);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : null;
  if (text === before) return;
  writeFileSync(file, text);
  if (before !== null) {
    say('oclif.manifest.json was renewed: commit it with the change of the commands');
  }
}
