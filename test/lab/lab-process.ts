import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that runs in a namespace, in a process group of its own. */
export interface LabProcess {
  readonly pid: number;
  /** Lines so far; they grow while the program runs. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly exited: Promise<Exit>;
  hasEnded(): boolean;
  write(line: string): void;
  /** Resolves with the first line of stdout, old or new, that `matches`; rejects when it ends. */
  line(matches: (line: string) => boolean, msMax?: number): Promise<string>;
  /** Signals the program and waits for its end; its whole group is killed after `msMax`. */
  stop(signal?: NodeJS.Signals, msMax?: number): Promise<Exit>;
  /** Kills the process group at once. */
  kill(): void;
}

export interface LabSpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts a program; the caller owns it and must see to its end. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: LabSpawnOptions = {},
): LabProcess {
  const child = spawn(command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    // A group of its own, so that what the program starts can be ended with it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command}`);
  const stdout: string[] = [];
  const stderr: string[] = [];
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  collectLines(child.stdout, stdout, wake);
  collectLines(child.stderr, stderr, wake);
  let ended: Exit | null = null;
  const exited = exitOf(child).then((exit) => {
    ended = exit;
    wake();
    return exit;
  });
  const kill = (): void => {
    killGroup(pid);
  };
  return {
    pid,
    stdout,
    stderr,
    exited,
    hasEnded: () => ended !== null,
    write: (line) => child.stdin.write(`${line}\n`),
    line: (matches, msMax = 10_000) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = stdout.find(matches);
          if (found !== undefined)
            finish(() => {
              resolve(found);
            });
          else if (ended !== null)
            finish(() => {
              reject(silent(command, 'ended', stderr));
            });
        };
        const timer = setTimeout(() => {
          finish(() => {
            reject(silent(command, `said nothing in ${msMax} ms`, stderr));
          });
        }, msMax);
        const finish = (act: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          act();
        };
        watchers.add(look);
        look();
      }),
    stop: async (signal = 'SIGTERM', msMax = 10_000) => {
      if (ended === null) process.kill(pid, signal);
      const timer = setTimeout(kill, msMax);
      const exit = await exited;
      clearTimeout(timer);
      kill();
      return exit;
    },
    kill,
  };
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // `close` comes after the last line; `exit` may come before it.
    child.once('close', (exitCode, signal) => {
      resolve({ exitCode, signal });
    });
  });
}

function collectLines(stream: Readable, lines: string[], wake: () => void): void {
  createInterface({ input: stream }).on('line', (line) => {
    lines.push(line);
    wake();
  });
}

const silent = (command: string, what: string, stderr: readonly string[]): Error =>
  new Error(`${command} ${what} before the awaited line; stderr: ${stderr.join(' | ')}`);

/** Kills what is left of a process group that was started here. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: nobody of the group is left, which is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
