import { fileExists, resolveConfigFile, type Environment } from '../config/resolve.js';
import { readLetters } from './reference-letters.js';

/** A command line in SentryPeer's words, and in ours. */
export interface Translated {
  readonly args: readonly string[];
  /** Variables to set for it. */
  readonly env: Readonly<Record<string, string>>;
  /** What to type instead, for stderr; null where nothing was translated. */
  readonly pointer: string | null;
}

/** Where a command line was typed. */
export interface Surroundings {
  readonly program: string;
  /** The working folder. */
  readonly folder: string;
  /** Whether there is a configuration: a file, or a variable. */
  readonly configured: boolean;
  /** Whether stdout is a terminal. */
  readonly terminal: boolean;
}

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  '--list-phonenumbers': ['numbers', 'list'],
  // Its caller asks a question, and does not look at the exit code as one of grep does.
  '--query-phonenumber': ['numbers', 'query', '--exit-zero'],
  '--stats': ['stats'],
  '--show-config': ['config', 'show'],
};

/** With these alone, and no command, the agent is to run. */
const RUNS: ReadonlySet<string> = new Set(['-c', '--config', '-v', '--verbose', '-d', '--detach']);
const ASKS: ReadonlySet<string> = new Set(['--help', '-h', '--version', '-V']);

/**
 * SentryPeer is told what to do by flags, without a command: `--stats`, `-c FILE -d`, `-draps`. The
 * same works here; all else is left as it is.
 */
export function translateFlags(args: readonly string[], typed: Surroundings): Translated {
  const [first = ''] = args;
  const unchanged = { args, env: {}, pointer: null };
  if (args.length === 0) return startBare(typed);
  if (!first.startsWith('-') || args.some((arg) => ASKS.has(arg))) return unchanged;
  const at = args.findIndex((arg) => Object.hasOwn(COMMANDS, nameOf(arg)));
  if (at === -1) {
    const letters = readLetters(args, typed.folder);
    if (letters !== null) return pointed(['run', ...letters.args], typed.program, letters.env);
    // A word that is no value of a flag is a command.
    const runs = RUNS.has(nameOf(first)) || /^-[vd]+$/.test(first);
    return runs ? pointed(['run', ...args], typed.program) : unchanged;
  }
  const flag = args[at] ?? '';
  const value = flag.includes('=') ? [flag.slice(flag.indexOf('=') + 1)] : [];
  const others = [...args.slice(0, at), ...args.slice(at + 1)];
  return pointed([...(COMMANDS[nameOf(flag)] ?? []), ...value, ...others], typed.program);
}

/**
 * Nothing at all was typed. It runs where a configuration says how, or where a person sees at a
 * terminal what comes of it; into a pipe (`| logger`) one line an event, for else nothing would go
 * there. Where neither is, as in a script gone wrong, no trap is opened: args stay empty, for help.
 */
function startBare({ program, configured, terminal }: Surroundings): Translated {
  if (!configured && !terminal) return { args: [], env: {}, pointer: null };
  const run = pointed(['run', ...(terminal ? [] : ['-v'])], program);
  return { ...run, pointer: `${run.pointer ?? ''} (\`${program} --help\` lists all commands)` };
}

/** Whether a file or a variable says how the agent is to run. */
export function isConfigured(env: Environment, exists = fileExists): boolean {
  const variable = Object.keys(env).some((name) => name.startsWith('SENTRYPEER_'));
  return variable || resolveConfigFile({ flag: null, env, exists }) !== null;
}

const nameOf = (arg: string): string => arg.split('=')[0] ?? arg;

function pointed(
  args: readonly string[],
  program: string,
  env: Readonly<Record<string, string>> = {},
): Translated {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const line = [...settings, program, ...args].join(' ');
  return { args, env, pointer: `the command for this is: ${line}` };
}
