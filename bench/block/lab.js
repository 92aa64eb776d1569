// Two network namespaces with a cable, for measuring; nothing of the real network is touched.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AS_INSTALLED } from '../parts/agent.js';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const AGENT = `spbench-${process.pid}-a`;
const ATTACKER = `spbench-${process.pid}-b`;
export const AGENT_IP = '10.98.0.1';

export function makeLab() {
  const ip = (...words) => execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const children = new Set();
  const folder = mkdtempSync(join(tmpdir(), 'spbench-'));
  const prefix = { agent: ['netns', 'exec', AGENT], attacker: ['netns', 'exec', ATTACKER] };
  for (const name of [AGENT, ATTACKER]) ip('netns', 'add', name);
  ip(
    'link',
    'add',
    'eth-a',
    'netns',
    AGENT,
    'type',
    'veth',
    'peer',
    'name',
    'eth-b',
    'netns',
    ATTACKER,
  );
  const on = (side, ...words) => ip(...prefix[side], 'ip', ...words);
  on('agent', 'address', 'add', `${AGENT_IP}/24`, 'dev', 'eth-a');
  on('attacker', 'address', 'add', '10.98.0.2/24', 'dev', 'eth-b');
  for (const [side, device] of [
    ['agent', 'eth-a'],
    ['attacker', 'eth-b'],
  ]) {
    on(side, 'link', 'set', device, 'up');
    on(side, 'link', 'set', 'lo', 'up');
  }
  // Every address of 10.50.0.0/15 is the attacker's: a socket may bind to any of them.
  on('attacker', 'route', 'add', 'local', '10.50.0.0/15', 'dev', 'lo');
  on('agent', 'route', 'add', '10.50.0.0/15', 'via', '10.98.0.2');
  // The blocked ones, too, so that a probe may send in the name of one.
  on('attacker', 'route', 'add', 'local', '20.0.0.0/15', 'dev', 'lo');
  on('agent', 'route', 'add', '20.0.0.0/15', 'via', '10.98.0.2');
  const start = (side, command, words, options = {}) => {
    const child = spawn('ip', [...prefix[side], command, ...words], {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...options,
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  return {
    folder,
    start,
    exec: (side, command, words, input) =>
      execFileSync('ip', [...prefix[side], command, ...words], {
        input: input ?? '',
        maxBuffer: 1 << 29,
        stdio: ['pipe', 'pipe', 'pipe'],
      }).toString(),
    close: async () => {
      for (const child of children) {
        child.kill('SIGKILL');
        await new Promise((resolve) => child.once('exit', resolve));
      }
      for (const name of [AGENT, ATTACKER]) ip('netns', 'delete', name);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts the built agent; resolves when it says that it listens. */
export async function startAgent(lab, env = {}) {
  const started = performance.now();
  const words = [...AS_INSTALLED.nodeArgs, 'bin/run.js', 'run'];
  // Apart from what is written all the time, as on an installed system: its folder is watched.
  const rules = { SENTRYPEER_RULES_DIR: join(lab.folder, 'etc', 'rules.d') };
  mkdirSync(dirname(rules.SENTRYPEER_RULES_DIR), { recursive: true });
  const child = lab.start('agent', process.execPath, words, {
    cwd: ROOT,
    env: { ...process.env, ...AS_INSTALLED.env, XDG_STATE_HOME: lab.folder, ...rules, ...env },
  });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (/listening/.test(said)) resolve();
      if (said.length > 100_000) said = said.slice(-10_000);
    });
    child.once('exit', () => reject(new Error(`the agent ended: ${said}`)));
  });
  return {
    startMs: performance.now() - started,
    rssBytes: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`))[1]) * 1024,
    said: () => said,
    stop: async (signal = 'SIGTERM') => {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill(signal);
      await exited;
    },
  };
}

/** Calls one of our commands on the agent's side. */
export const command = (lab, words, input, env = {}) =>
  lab.exec(
    'agent',
    'env',
    [
      `XDG_STATE_HOME=${lab.folder}`,
      ...Object.entries(env).map(([k, v]) => `${k}=${v}`),
      process.execPath,
      join(ROOT, 'bin/run.js'),
      ...words,
    ],
    input,
  );

/** Lines of `nft monitor`, each with the time at which it was read, in milliseconds since 1970. */
export function monitor(lab, words, onLine) {
  const child = lab.start('agent', 'nft', ['monitor', ...words]);
  let rest = '';
  child.stdout.on('data', (chunk) => {
    const atMs = performance.timeOrigin + performance.now();
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line, atMs);
  });
  return child;
}

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

export function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => quantile(sorted, part);
  const text = (ms) => `${ms.toFixed(1)} ms`;
  return `median ${text(at(0.5))}, p95 ${text(at(0.95))}, p99 ${text(at(0.99))}, max ${text(at(1))} (n ${sorted.length})`;
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(what, isSo, msMax = 60_000, everyMs = 20) {
  const end = performance.now() + msMax;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await pause(everyMs);
  }
}
