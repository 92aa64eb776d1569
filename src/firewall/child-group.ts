import type { Readable } from 'node:stream';

/** What is needed of a program that execa started with `detached`. */
export interface GroupLeader {
  readonly pid?: number | undefined;
  readonly stdout?: Readable | null;
  readonly stderr?: Readable | null;
  then(done: () => void, failed: () => void): unknown;
}

const groups = new Set<number>();
let isMinding = false;

/**
 * Minds a program in a process group of its own (`detached`), so that a time limit ends what it
 * started as well: a grandchild that holds its output open would else be waited for without end. A
 * Ctrl-C at the terminal does not reach such a group, so nft still serves while the agent cleans up;
 * what runs when this process ends by itself is ended with it.
 */
export function mindGroup(leader: GroupLeader): { readonly end: () => void } {
  const { pid } = leader;
  const forget = (): void => {
    if (pid !== undefined) groups.delete(pid);
  };
  if (pid !== undefined) {
    if (!isMinding) process.once('exit', endAll);
    isMinding = true;
    groups.add(pid);
  }
  leader.then(forget, forget);
  return {
    end: () => {
      if (pid !== undefined) killGroup(pid);
      // One that left the group may hold the pipes still; they are not waited for.
      leader.stdout?.destroy();
      leader.stderr?.destroy();
    },
  };
}

/** The same with a limit of time; `late` tells afterwards whether it was ended for that. */
export function limitGroup(leader: GroupLeader, msMax: number): { readonly late: boolean } {
  const { end } = mindGroup(leader);
  const limit = { late: false };
  const timer = setTimeout(() => {
    limit.late = true;
    end();
  }, msMax);
  const stop = (): void => {
    clearTimeout(timer);
  };
  leader.then(stop, stop);
  return limit;
}

function endAll(): void {
  for (const pid of groups) killGroup(pid);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it has ended by itself in this very moment. EPERM: it has become another user's.
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
