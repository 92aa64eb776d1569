// Every check of the project, and one count at the end. `npm test -- test/core` runs only the tests
// whose path holds that text, and no other check.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeManifest } from './setup/manifest.js';
import { countVitest, judgeCruise, slowestFiles, sumUp } from './test/count.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(ROOT, ...parts);
const script = (name, ...words) => [
  process.execPath,
  at('node_modules', ...name.split('/')),
  ...words,
];
const filters = process.argv.slice(2);
const CHECK_PRIORITY = 10;
/** Whoever wants the tests to be quicker begins there. */
const SLOWEST_SHOWN = 10;

/** Linting takes as long as all the others together: they go side by side, and beside the tests. */
const checks = [
  [['lint', () => runCheck(script('eslint/bin/eslint.js', '.'))]],
  [
    [
      'types',
      () => runCheck(script('typescript/bin/tsc', '-p', 'tsconfig.check.json', '--noEmit')),
    ],
    [
      'format',
      () => runCheck(script('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')),
    ],
    ['import rules', checkImports],
    ['unused code', () => runCheck(script('knip/bin/knip.js', '--no-progress'))],
    ['command manifest', checkManifest],
  ],
];

/** Other versions of Node come as the package `node`; they get what meets the system most. */
const OTHER_NODES = [22, 24, 26];
const ON_OTHER_NODES = [
  ...['test/store/open.test.ts', 'test/store/write', 'test/store/logs/remote'],
  ...['test/trap/tls.test.ts', 'test/trap/ws.test.ts', 'test/api/server', 'test/outbox'],
];
if ((process.env.CI ?? '') !== '') {
  checks.push(OTHER_NODES.map((version) => [`Node ${version}`, () => runOnNode(version)]));
}

/** Each check is the leader of a group, so that what it started ends with it. */
const groups = new Set();
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
const STOP_MS_MAX = 3_000;
let stopping = false;
for (const [signal, number] of Object.entries(SIGNALS)) {
  process.once(signal, () => {
    stopping = true;
    endGroups('SIGTERM');
    setTimeout(() => {
      endGroups('SIGKILL');
      process.exit(128 + number);
    }, STOP_MS_MAX);
  });
}

const results = [];
if (process.getuid?.() === 0) await take('lab packages', installLabPackages);
const beside = filters.length === 0 ? checks.map(takeAll) : [];
const [tested] = await Promise.all([runVitest(), ...beside]);
results.push(...tested);
const summary = sumUp(results, (process.env.CI ?? '') !== '');
for (const line of summary.lines) say(line);
process.exitCode = summary.ok ? 0 : 1;

/** A group lives as long as one of it does: all that were begun are asked. */
function endGroups(signal) {
  for (const pid of groups) {
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

async function takeAll(some) {
  for (const [name, check] of some) await take(name, check);
}

async function take(name, check) {
  const started = Date.now();
  const output = await check();
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (output !== null) say(output.trimEnd());
  say(`${output === null ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  results.push({ name, outcome: output === null ? 'passed' : 'failed' });
}

/** Resolves to null, or to what the program printed when it failed. */
async function runCheck(words) {
  const { status, output } = await run(words, ROOT);
  return status === 0 ? null : `${output}\n(exit ${status})`;
}

/** The program as it was built here, and some of the tests, under another version. */
async function runOnNode(version) {
  const node = ['npx', '--yes', '--package', `node@${version}`, '--', 'node'];
  const said = await runCheck([...node, at('bin', 'run.js'), 'rules', 'test']);
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=1', '--reporter=dot'];
  return said ?? runCheck([...node, ...vitest, ...ON_OTHER_NODES]);
}

function run([program, ...words], folder, stdio = ['ignore', 'pipe', 'pipe']) {
  const child = spawn(program, words, { cwd: folder, stdio, detached: true });
  groups.add(child.pid);
  // Tests measure time here and there: they go before what only has to be done in the end.
  if (stdio !== 'inherit' && child.pid !== undefined) setPriority(child.pid, CHECK_PRIORITY);
  const out = [];
  const all = [];
  child.stdout?.on('data', (chunk) => (out.push(chunk), all.push(chunk)));
  child.stderr?.on('data', (chunk) => all.push(chunk));
  return new Promise((resolve) => {
    const settle = (status, more) => {
      // Of one that was asked to end, some of its group may live on.
      if (!stopping) groups.delete(child.pid);
      const text = (chunks) => Buffer.concat(chunks).toString('utf8');
      resolve({ status, stdout: text(out), output: text(all) + more });
    };
    child.on('error', (error) => settle(127, error.message));
    child.on('close', (code, signal) => settle(code ?? signal, ''));
  });
}

/** Without them lab tests are left out, which only CI takes for a failure. */
async function installLabPackages() {
  const packages = at('test', 'lab', 'packages.sh');
  const output = await runCheck(['sh', packages]);
  if (output === null || (process.env.CI ?? '') !== '') return output;
  say(output.trimEnd());
  return null;
}

async function checkImports() {
  const words = ['src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const bin = 'dependency-cruiser/bin/dependency-cruise.mjs';
  const { stdout, output } = await run(script(bin, ...words), ROOT);
  return judgeCruise(stdout, output);
}

/**
 * What `oclif manifest` makes now must be what is committed. The set-up renews the file in the
 * working folder, so that a clone whose commands are unchanged is compared with the commit itself.
 */
async function checkManifest() {
  const { text, failed } = await makeManifest(ROOT);
  if (text === undefined) return failed;
  if (text === manifestToCompare()) return null;
  return 'oclif.manifest.json is not what the commands are now: type npm run build, and commit it';
}

function manifestToCompare() {
  const git = (...words) => spawnSync('git', words, { cwd: ROOT, encoding: 'utf8' });
  const sources = ['src', 'bin', 'package.json', 'package-lock.json'];
  const changed = git('status', '--porcelain', '--', ...sources);
  if (changed.status === 0 && changed.stdout === '') {
    const committed = git('show', 'HEAD:./oclif.manifest.json');
    if (committed.status === 0) return committed.stdout;
  }
  const file = at('oclif.manifest.json');
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

async function runVitest() {
  mkdirSync(at('.setup'), { recursive: true });
  const report = at('.setup', 'vitest.json');
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const words = script('vitest/vitest.mjs', 'run', ...reporters, ...filters);
  const { status } = await run(words, ROOT, ['ignore', 'inherit', 'inherit']);
  const text = existsSync(report) ? readFileSync(report, 'utf8') : null;
  for (const line of slowestFiles(text, SLOWEST_SHOWN)) say(line.replace(`${ROOT}/`, ''));
  return countVitest(text, status === 0);
}
