// How long a start takes, beside a bare Node of the same run; in a network namespace of its own, so
// that no firewall but the bench's is touched: npm run bench -- start [--times N] [--idle SECONDS]
// [--program FOLDER, of another build]
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AS_INSTALLED, cpuSeconds, ROOT } from './parts/agent.js';
import { atMost, measuredBy, noted } from './parts/figures.js';

export const ABOUT = 'start to listening and to blocks in force, --version, status, memory (root)';

const NAMESPACE = `spbench-start-${process.pid}`;
/** Nobody's (RFC 5737); one block of it stands before each start. */
const BLOCKED = '203.0.113.77';
/** After a start the agent warms up for a while, which the next command would wait for. */
const SETTLED_MS = 3_000;
const say = (text) => process.stdout.write(`${text}\n`);

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      times: { type: 'string', default: '7' },
      idle: { type: 'string', default: '15' },
      program: { type: 'string', default: ROOT },
    },
  });
  if (process.getuid?.() !== 0) throw new Error('bench start needs root, for a network namespace');
  say(`load average ${loadavg()[0].toFixed(1)}, Node ${process.version}`);
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-start-'));
  execFileSync('ip', ['netns', 'add', NAMESPACE]);
  try {
    execFileSync('ip', ['-n', NAMESPACE, 'link', 'set', 'lo', 'up']);
    const place = makePlace(folder, values.program);
    return report(await measure(place, Number(values.times), Number(values.idle)));
  } finally {
    execFileSync('ip', ['netns', 'delete', NAMESPACE]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All in turns, so that a busy second of the machine meets one of each. */
async function measure(place, times, idleS) {
  const first = await start(place);
  await commandMs(place, ['blocks', 'add', BLOCKED]);
  await first.stop();
  const taken = { node: [], version: [], status: [], listening: [], inForce: [], cpu: [] };
  let idle = null;
  for (let time = 0; time < times; time += 1) {
    taken.node.push(await processMs(place, ['-e', '0']));
    taken.version.push(await commandMs(place, ['--version']));
    const agent = await start(place);
    taken.listening.push(agent.listeningMs);
    taken.cpu.push(agent.cpuMs);
    taken.inForce.push(await agent.inForceMs);
    await pause(SETTLED_MS);
    taken.status.push(await commandMs(place, ['status']));
    if (time === times - 1) {
      await pause(idleS * 1_000);
      idle = lookAt(agent.pid);
    }
    await agent.stop();
  }
  return { taken, idle };
}

function makePlace(folder, program) {
  const rulesDir = join(folder, 'etc', 'rules.d');
  mkdirSync(join(folder, 'etc'));
  return {
    program,
    env: {
      ...process.env,
      ...AS_INSTALLED.env,
      XDG_STATE_HOME: folder,
      SENTRYPEER_RULES_DIR: rulesDir,
      // Not a trial, whose table goes with it.
      SENTRYPEER_DATABASE_FILE: join(folder, 'agent.db'),
      SENTRYPEER_LOG_FILE: join(folder, 'agent.log'),
      SENTRYPEER_JSON_LOG_FILE: join(folder, 'agent.json'),
      SENTRYPEER_CONTROL_SOCKET: join(folder, 'agent.sock'),
    },
  };
}

/** `ip netns exec` becomes the program, so that its number is the program's. */
const enter = ({ program, env }, words, stdio) =>
  spawn('ip', ['netns', 'exec', NAMESPACE, ...words], { cwd: program, env, stdio });

async function processMs(place, words) {
  const began = performance.now();
  const child = enter(place, [process.execPath, ...words], ['ignore', 'ignore', 'pipe']);
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${words.join(' ')}: exit ${code}: ${said}`);
  return performance.now() - began;
}

const commandMs = (place, words) => processMs(place, ['bin/run.js', ...words]);

async function start(place) {
  const monitor = enter(place, ['nft', 'monitor', 'new', 'elements'], ['ignore', 'pipe', 'ignore']);
  const inForce = saw(monitor, BLOCKED);
  // Until it hears.
  await pause(100);
  const began = performance.now();
  const words = [process.execPath, ...AS_INSTALLED.nodeArgs, 'bin/run.js', 'run'];
  const child = enter(place, words, ['ignore', 'pipe', 'pipe']);
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const failed = exited.then(([code]) => Promise.reject(new Error(`exit ${code}: ${said}`)));
  const listening = await Promise.race([saw(child, 'listening'), failed]);
  failed.catch(() => undefined);
  const cpuMs = cpuSeconds(child.pid) * 1_000;
  return {
    pid: child.pid,
    listeningMs: listening - began,
    cpuMs,
    inForceMs: inForce.then((at) => {
      monitor.kill();
      return at - began;
    }),
    stop: async () => {
      monitor.kill();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** When a program printed a text. */
function saw(child, text) {
  let said = '';
  return new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (said.includes(text)) resolve(performance.now());
    });
  });
}

function lookAt(pid) {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(
      (name) =>
        `${readFileSync(`/proc/${name}/comm`, 'latin1').trim()} ${rssMib(name).toFixed(0)} MiB`,
    );
  return { rssMib: rssMib(pid), children };
}

function parentOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')[1]);
  } catch {
    // It has ended since it was listed.
    return null;
  }
}

const rssMib = (pid) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) / 1_024;

/** Each series beside that of a bare Node, whose medians are kept. */
function report({ taken, idle }) {
  const node = median(taken.node);
  for (const [name, values] of Object.entries(taken)) {
    const ms = median(values);
    const all = values.map((each) => each.toFixed(0)).join(' ');
    say(
      `${name.padEnd(10)} ${ms.toFixed(0).padStart(5)} ms, ${(ms / node).toFixed(1)} × node  [${all}]`,
    );
  }
  say(`children   ${idle.children.length}: ${idle.children.join(', ')}`);
  const [bare, ms] = ['node -e 0', (name) => median(taken[name])];
  return {
    figures: [
      atMost('--version', ms('version'), 'ms', 150, bare),
      atMost('status of a running agent', ms('status'), 'ms', 300, bare),
      atMost('start to listening', ms('listening'), 'ms', 800, bare),
      atMost('start to blocks in force', ms('inForce'), 'ms', 500, bare),
      noted('processor until listening', ms('cpu'), 'ms', bare),
      atMost('resident when idle', idle.rssMib, 'MiB', 110),
    ],
    yardsticks: [measuredBy(bare, node, 'ms')],
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const median = (values) => [...values].sort((one, other) => one - other)[values.length >> 1];
