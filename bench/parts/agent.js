// A real agent for a bench: the built program in a process of its own, on a temporary folder.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openClient } from '../../dist/api/client.js';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** As the installed unit and `npm start` run it. */
export const AS_INSTALLED = {
  nodeArgs: ['--max-semi-space-size=4'],
  env: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '1048576' },
};
const START_MS_MAX = 60_000;

/** `keys`: lines of the configuration above the sections; `sections`: text below them. */
export async function startAgent({ keys = {}, sections = '', env = {}, nodeArgs = [] } = {}) {
  if (!existsSync(join(ROOT, 'dist'))) throw new Error('build it first: npm run build');
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-bench-'));
  const settings = {
    log_file: join(folder, 'agent.log'),
    json_log_file: join(folder, 'agent.json'),
    database_file: join(folder, 'agent.db'),
    control_socket: join(folder, 'agent.sock'),
    // Apart from what is written all the time, as on an installed system.
    rules_dir: join(folder, 'etc', 'rules.d'),
    ...keys,
  };
  mkdirSync(join(folder, 'etc'));
  const conf = join(folder, 'etc', 'agent.conf');
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
  writeFileSync(conf, `${lines.join('\n')}\n${sections}\n`);
  const words = [...AS_INSTALLED.nodeArgs, ...nodeArgs, 'bin/run.js', 'run', '-c', conf];
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    env: { ...process.env, ...AS_INSTALLED.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listening = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no start: ${output}`)), START_MS_MAX);
    const look = (chunk) => {
      output += chunk;
      if (!/^listening/m.test(output)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('exit', (code) => reject(new Error(`exit ${code}: ${output}`)));
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  try {
    await listening;
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
    throw error;
  }
  const client = openClient(settings.control_socket);
  return {
    pid: child.pid,
    folder,
    files: settings,
    output: () => output,
    status: () => client.status(),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Processor seconds that a process has used so far. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The most memory that a process has had resident so far, in MiB. */
export function peakMib(pid) {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmHWM:\s+(\d+)/m.exec(text)[1]) / 1024;
}
