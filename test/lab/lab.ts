import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { programPath } from './require-lab.js';
import { startProcess, type LabProcess, type LabSpawnOptions } from './lab-process.js';

export interface LabExecOptions extends LabSpawnOptions {
  readonly input?: string;
  readonly msMax?: number;
  /** false: a failing program is a result, not an error. */
  readonly reject?: boolean;
}

export interface LabResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One of the two machines: a network namespace with one end of the cable. */
export interface LabHost {
  readonly namespace: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly device: string;
  /** What must stand before a command so that it runs in this namespace. */
  readonly prefix: readonly string[];
  exec(command: string, args: readonly string[], options?: LabExecOptions): Promise<LabResult>;
  spawn(command: string, args: readonly string[], options?: LabSpawnOptions): LabProcess;
}

/** Two machines joined by a cable, and nothing else: no way out, and none into the real network. */
export interface Lab {
  readonly agent: LabHost;
  readonly attacker: LabHost;
  /** Gives the attacker one more source address (`10.99.1.7`, `fd99:1::7`), routed both ways. */
  addAttackerAddress(address: string): Promise<void>;
  /** A folder that goes with the lab. */
  makeFolder(): string;
  /** Ends every program started here, by its process group, and takes the namespaces away. */
  close(): Promise<void>;
}

interface Open {
  readonly namespaces: string[];
  readonly processes: Set<LabProcess>;
  readonly folders: string[];
}

const opened = new Set<Open>();
let labsMade = 0;

/** Makes the two namespaces with IPv4 and IPv6 on a veth pair. Needs root. */
export async function createLab(): Promise<Lab> {
  await removeStaleNamespaces();
  labsMade += 1;
  const name = `splab-${process.pid}-${labsMade}`;
  const net = 1 + (labsMade % 250);
  const open: Open = { namespaces: [], processes: new Set(), folders: [] };
  watchForExit();
  opened.add(open);
  const agent = makeHost(open, `${name}-a`, `10.99.${net}.1`, `fd99:${net}::1`, 'eth-agent');
  const attacker = makeHost(open, `${name}-b`, `10.99.${net}.2`, `fd99:${net}::2`, 'eth-attack');
  try {
    await connect(open, agent, attacker);
  } catch (error) {
    closeOpen(open);
    throw error;
  }
  return {
    agent,
    attacker,
    addAttackerAddress: async (address) => {
      const length = address.includes(':') ? '128' : '32';
      const dad = address.includes(':') ? ['nodad'] : [];
      const target = `${address}/${length}`;
      await attacker.exec('ip', ['address', 'add', target, 'dev', attacker.device, ...dad]);
      await agent.exec('ip', ['route', 'replace', target, 'dev', agent.device]);
    },
    makeFolder: () => {
      const folder = mkdtempSync(join(tmpdir(), 'splab-'));
      open.folders.push(folder);
      return folder;
    },
    close: async () => {
      for (const started of open.processes) started.kill();
      await Promise.all([...open.processes].map((started) => started.exited));
      closeOpen(open);
    },
  };
}

function makeHost(
  open: Open,
  namespace: string,
  ipv4: string,
  ipv6: string,
  device: string,
): LabHost {
  const prefix = [programPath('ip'), 'netns', 'exec', namespace];
  const [ip = 'ip', ...before] = prefix;
  return {
    namespace,
    ipv4,
    ipv6,
    device,
    prefix,
    exec: async (command, args, options = {}) => {
      const { input = '', msMax = 30_000, reject = true, env = {}, cwd } = options;
      const result = await execa(ip, [...before, command, ...args], {
        input,
        env,
        reject,
        timeout: msMax,
        maxBuffer: 256 * 1024 * 1024,
        ...(cwd === undefined ? {} : { cwd }),
      });
      return {
        exitCode: result.exitCode ?? null,
        stdout: result.stdout,
        stderr: result.stderr,
      };
    },
    spawn: (command, args, options) => {
      const started = startProcess(ip, [...before, command, ...args], options);
      open.processes.add(started);
      return started;
    },
  };
}

async function connect(open: Open, agent: LabHost, attacker: LabHost): Promise<void> {
  const ip = programPath('ip');
  for (const host of [agent, attacker]) {
    await execa(ip, ['netns', 'add', host.namespace]);
    open.namespaces.push(host.namespace);
  }
  // Both ends are born in their namespaces: the root namespace never sees the device.
  const near = ['link', 'add', agent.device, 'netns', agent.namespace, 'type', 'veth'];
  const far = ['peer', 'name', attacker.device, 'netns', attacker.namespace];
  await execa(ip, [...near, ...far]);
  for (const host of [agent, attacker]) {
    await host.exec('ip', ['address', 'add', `${host.ipv4}/24`, 'dev', host.device]);
    await host.exec('ip', ['address', 'add', `${host.ipv6}/64`, 'dev', host.device, 'nodad']);
    await host.exec('ip', ['link', 'set', host.device, 'up']);
    await host.exec('ip', ['link', 'set', 'lo', 'up']);
  }
}

function closeOpen(open: Open): void {
  opened.delete(open);
  for (const started of open.processes) started.kill();
  for (const namespace of open.namespaces.splice(0)) {
    execaSync(programPath('ip'), ['netns', 'delete', namespace]);
  }
  for (const folder of open.folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

let watching = false;

/** A test run that ends early, by itself or by a signal, still leaves nothing behind. */
function watchForExit(): void {
  if (watching) return;
  watching = true;
  process.once('exit', () => {
    for (const open of [...opened]) closeOpen(open);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(1));
  }
}

/** Namespaces of a test run that was killed: ours by name, its process gone, and empty. */
async function removeStaleNamespaces(): Promise<void> {
  const ip = programPath('ip');
  const { stdout } = await execa(ip, ['netns', 'list']);
  for (const line of stdout.split('\n')) {
    const match = /^(splab-(\d+)-\S+)/.exec(line);
    if (match?.[1] === undefined || existsSync(`/proc/${match[2] ?? ''}`)) continue;
    const { stdout: pids } = await execa(ip, ['netns', 'pids', match[1]], { reject: false });
    // Another test run may be clearing the same one: what counts is that it is gone.
    if (pids === '') await execa(ip, ['netns', 'delete', match[1]], { reject: false });
  }
}
