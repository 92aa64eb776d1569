import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export const CONFIG_FILE = '/etc/sentrypeer/sentrypeer.conf';
/** The SENTRYPEER_ variables that are no key: ours, and SentryPeer's name for the same. */
export const CONFIG_VARIABLE = 'SENTRYPEER_CONFIG';
export const CONFIG_VARIABLES: readonly string[] = [CONFIG_VARIABLE, 'SENTRYPEER_CONFIG_FILE'];

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Which configuration file is meant: the flag, then SENTRYPEER_CONFIG (or SENTRYPEER_CONFIG_FILE), then the
 * installed one if it is there. Null: none, so this is a trial.
 */
export function resolveConfigFile(from: {
  readonly flag: string | null;
  readonly env: Environment;
  readonly exists: (file: string) => boolean;
}): string | null {
  if (from.flag !== null) return from.flag;
  const named = CONFIG_VARIABLES.map((name) => from.env[name] ?? '').find((file) => file !== '');
  if (named !== undefined) return named;
  return from.exists(CONFIG_FILE) ? CONFIG_FILE : null;
}

/**
 * False only when the file is surely absent. A file that this user may not look at is there: taking
 * it for absent would start a trial beside an installed agent.
 */
export function fileExists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return false;
    return true;
  }
}

/**
 * The folder in which a trial keeps everything: below XDG_STATE_HOME where that is set to an
 * absolute path (the XDG base directory specification ignores relative ones), else below
 * `~/.local/state`.
 */
export function trialFolder(env: Environment): string {
  const state = env['XDG_STATE_HOME'] ?? '';
  if (isAbsolute(state)) return join(state, 'sentrypeer');
  const home = env['HOME'] ?? '';
  return join(isAbsolute(home) ? home : homedir(), '.local', 'state', 'sentrypeer');
}
