import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.js';
import type { Exit } from './lab-process.js';
import { waitUntil } from './wait-until.js';

export interface LabAgentOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A folder of an agent that ran before, to start again on what it kept. */
  readonly stateDir?: string;
  /**
   * For an agent that prints no such line: the UDP port whose opening tells that it is ready. The
   * port opens a little before all else is in place, so the line is the better sign.
   */
  readonly port?: number;
  readonly msMax?: number;
}

export interface LabAgent {
  readonly pid: number;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Its XDG_STATE_HOME. */
  readonly stateDir: string;
  readonly exited: Promise<Exit>;
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Starts the built agent (`bin/run.js run …`) on the lab's agent side and waits until it listens.
 * Rejects with its last words when it ends before that.
 */
export async function startAgent(lab: Lab, options: LabAgentOptions = {}): Promise<LabAgent> {
  const { args = [], env = {}, port, msMax = 15_000 } = options;
  const stateDir = options.stateDir ?? lab.makeFolder();
  const agent = lab.agent.spawn(process.execPath, ['bin/run.js', 'run', ...args], {
    cwd: ROOT,
    env: { XDG_STATE_HOME: stateDir, ...env },
  });
  const isReady = async (): Promise<boolean> =>
    agent.hasEnded() ||
    agent.stdout.some((line) => /listening/i.test(line)) ||
    (port !== undefined && (await isUdpPortOpen(lab, port)));
  await waitUntil('the agent listens', isReady, msMax).catch((error: unknown) => {
    agent.kill();
    throw new Error(lastWords(agent.stdout, agent.stderr), { cause: error });
  });
  if (agent.hasEnded()) throw new Error(lastWords(agent.stdout, agent.stderr));
  const { pid, stdout, stderr, exited } = agent;
  return { pid, stdout, stderr, stateDir, exited, stop: (signal) => agent.stop(signal) };
}

async function isUdpPortOpen(lab: Lab, port: number): Promise<boolean> {
  const { stdout } = await lab.agent.exec('ss', ['-H', '-l', '-u', '-n']);
  return stdout.split('\n').some((line) => line.includes(`:${port} `));
}

const lastWords = (stdout: readonly string[], stderr: readonly string[]): string =>
  `the agent did not start: ${[...stdout.slice(-10), ...stderr.slice(-10)].join('\n')}`;
