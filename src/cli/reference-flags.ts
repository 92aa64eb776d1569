/** A command line in SentryPeer's words, and in ours. */
export interface Translated {
  readonly args: readonly string[];
  /** What to type instead, for stderr; null where nothing was translated. */
  readonly pointer: string | null;
}

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  '--list-phonenumbers': ['numbers', 'list'],
  '--query-phonenumber': ['numbers', 'query'],
  '--stats': ['stats'],
  '--show-config': ['config', 'show'],
};

/** With these alone, and no command, the agent is to run. */
const RUNS: ReadonlySet<string> = new Set(['-c', '--config', '-v', '--verbose', '-d', '--detach']);

/**
 * SentryPeer is told what to do by flags, without a command: `--stats`, `-c FILE -d`. The same
 * works here; all else is left as it is.
 */
export function translateFlags(args: readonly string[], program: string): Translated {
  const [first = ''] = args;
  const unchanged = { args, pointer: null };
  if (!first.startsWith('-')) return unchanged;
  const at = args.findIndex((arg) => nameOf(arg) in COMMANDS);
  if (at === -1) {
    // A word that is no value of a flag is a command, and `--help` is oclif's.
    const runs = RUNS.has(nameOf(first)) || /^-[vd]+$/.test(first);
    return runs && !args.includes('--help') ? pointed(['run', ...args], program) : unchanged;
  }
  const flag = args[at] ?? '';
  const value = flag.includes('=') ? [flag.slice(flag.indexOf('=') + 1)] : [];
  const others = [...args.slice(0, at), ...args.slice(at + 1)];
  return pointed([...(COMMANDS[nameOf(flag)] ?? []), ...value, ...others], program);
}

const nameOf = (arg: string): string => arg.split('=')[0] ?? arg;

const pointed = (args: readonly string[], program: string): Translated => ({
  args,
  pointer: `the command for this is: ${program} ${args.join(' ')}`,
});
