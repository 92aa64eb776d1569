import { spawn } from 'node:child_process';
import { AgentError, type ErrorCode } from '../core/common/errors.js';

interface Told {
  readonly ready?: boolean;
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly remedy: string };
}

/**
 * Starts the same program again without `-d`, in a session of its own, and resolves to its pid
 * once it says that it runs. Its error is thrown here, as if it were ours.
 */
export async function runDetached(script: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [script, ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const told = await new Promise<Told>((resolve, reject) => {
    child.once('message', (message) => {
      // Only our own program speaks on this channel, by tellParent.
      resolve(message as Told);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve({ error: exitedEarly(code) });
    });
  });
  if (told.error !== undefined) {
    throw new AgentError(told.error.code, told.error.message, told.error.remedy);
  }
  child.disconnect();
  child.unref();
  if (child.pid === undefined) throw new Error('a process that speaks has a pid');
  return child.pid;
}

const exitedEarly = (code: number | null): NonNullable<Told['error']> => ({
  code: 'INTERNAL',
  message: `the agent ended with exit code ${code ?? 'unknown'} before it was ready`,
  remedy: 'run it without -d to see what it says',
});

/** Tells the parent of a detached agent that it runs, or why it does not; else does nothing. */
export async function tellParent(error: AgentError | null): Promise<void> {
  if (process.send === undefined) return;
  const told: Told =
    error === null
      ? { ready: true }
      : { error: { code: error.code, message: error.message, remedy: error.remedy } };
  await new Promise<void>((resolve) => {
    process.send?.(told, undefined, undefined, () => {
      resolve();
    });
  });
  if (process.connected) process.disconnect();
}
