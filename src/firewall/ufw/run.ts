import { execa } from 'execa';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import { limitGroup, mindGroup } from '../child-group.js';
import { rootRights } from '../root-rights.js';

/** Takes ufw's own lock (a POSIX lock, which Node cannot take) and keeps it until stdin ends. */
const LOCK_PROGRAM = [
  'import fcntl, sys',
  "lock = open('/run/ufw.lock', 'w')",
  'fcntl.lockf(lock, fcntl.LOCK_EX)',
  "print('locked', flush=True)",
  'sys.stdin.read()',
].join('\n');

const ENV = (): Record<string, string> => ({
  LC_ALL: 'C',
  PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
});

/** Runs ufw and gives its stdout. Rejects with FIREWALL_MISSING, FIREWALL_DENIED or FIREWALL_FAILED. */
export async function runUfw(
  before: readonly string[],
  args: readonly string[],
  msMax: number = LIMITS.firewallCommandMsMax,
): Promise<string> {
  const words: readonly string[] = [...before, 'ufw', ...args];
  const [program = '', ...rest] = words;
  const running = execa(program, rest, {
    ...rootRights(),
    stdin: 'ignore',
    env: ENV(),
    reject: false,
    maxBuffer: LIMITS.firewallOutputBytesMax,
    detached: true,
  });
  const limit = limitGroup(running, msMax);
  const result = await running;
  if (!result.failed && !limit.late) return result.stdout;
  if (limit.late) throw held(`ufw ${args[0] ?? ''} did not finish within ${msMax} ms`);
  const said = (result.stderr || result.stdout || result.shortMessage) ?? '';
  throw ufwError(said, result.code === 'ENOENT' || result.exitCode === 127);
}

function ufwError(words: string, missing: boolean): AgentError {
  if (missing) {
    return new AgentError(
      'FIREWALL_MISSING',
      'the program ufw is not on this machine',
      'install it (apt-get install ufw), or set backend = nftables in [blocking]',
    );
  }
  const said = quoteText(words.split('\n').find((line) => line.includes('ERROR')) ?? words);
  return words.includes('need to be root')
    ? new AgentError(
        'FIREWALL_DENIED',
        `this user may not run ufw; it said: ${said}`,
        'run as root',
      )
    : new AgentError('FIREWALL_FAILED', `ufw refused: ${said}`, 'see `ufw status` and ufw(8)');
}

const held = (what: string): AgentError =>
  new AgentError(
    'FIREWALL_FAILED',
    `${what}: another program may hold its lock /run/ufw.lock`,
    'see which (fuser /run/ufw.lock); the change is tried again',
  );

/** Does `work` while no ufw command can run. Rejects when the lock is not free in time. */
export async function withUfwLock<T>(
  before: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const words: readonly string[] = [...before, 'python3', '-c', LOCK_PROGRAM];
  const [program = '', ...rest] = words;
  const keeper = execa(program, rest, {
    ...rootRights(),
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
    buffer: false,
    reject: false,
    detached: true,
    env: ENV(),
  });
  const group = mindGroup(keeper);
  keeper.stdin.on('error', () => undefined);
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(held(`ufw's lock was not free within ${LIMITS.firewallCommandMsMax} ms`));
      }, LIMITS.firewallCommandMsMax);
      keeper.stdout.once('data', () => {
        clearTimeout(timer);
        resolve();
      });
      void keeper.then((result) => {
        clearTimeout(timer);
        const why = result.shortMessage ?? 'python3 ended';
        reject(
          new AgentError('FIREWALL_FAILED', `ufw's lock cannot be taken: ${why}`, 'run as root'),
        );
      });
    });
    return await work();
  } finally {
    keeper.stdin.end();
    const timer = setTimeout(group.end, LIMITS.firewallChildMsMax);
    await keeper;
    clearTimeout(timer);
  }
}
