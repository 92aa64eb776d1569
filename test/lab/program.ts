import { fileURLToPath } from 'node:url';
import type { LabHost, LabResult } from './lab.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LOOK = fileURLToPath(new URL('sip-look.mjs', import.meta.url));

/** Runs one of our commands on a lab host, on the state folder of an agent. */
export function runCommand(
  host: LabHost,
  stateDir: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<LabResult> {
  return host.exec(process.execPath, ['bin/run.js', ...words], {
    cwd: ROOT,
    env: { XDG_STATE_HOME: stateDir, ...env },
    reject: false,
  });
}

/** Runs a shell script there, in the program's folder; mounts made in it are its own. */
export function runShell(host: LabHost, stateDir: string, script: string): Promise<LabResult> {
  const options = { cwd: ROOT, env: { XDG_STATE_HOME: stateDir }, reject: false };
  return host.exec('sh', ['-c', script], options);
}

/** Runs one of our commands with --json and reads what it prints. `T` is what docs/CLI_JSON.md says of the command. */
export async function runJson<T>(
  host: LabHost,
  stateDir: string,
  words: readonly string[],
): Promise<T> {
  const { stdout, stderr, exitCode } = await runCommand(host, stateDir, [...words, '--json']);
  if (exitCode !== 0)
    throw new Error(`${words.join(' ')}: exit ${exitCode ?? '?'}: ${stdout}${stderr}`);
  // The shape is the contract that the caller tests.
  return JSON.parse(stdout) as T;
}

/** One polite OPTIONS: the status line of the answer, or `silence`. */
export async function lookPolitely(host: LabHost, from: string, to: string): Promise<string> {
  const { stdout } = await host.exec(process.execPath, [LOOK, from, to, '5060', '500']);
  return stdout.trim();
}
