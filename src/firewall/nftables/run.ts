import { execa } from 'execa';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import { limitGroup } from '../child-group.js';
import { rootRights } from '../root-rights.js';

/** One call of nft. `input` goes to its stdin, null: none. */
export interface NftCall {
  readonly args: readonly string[];
  readonly input: string | null;
  readonly msMax: number;
}

/**
 * Runs nft and gives its stdout. `command` is the program with what must stand before its arguments
 * (`['nft']`, or `['ip', 'netns', 'exec', NAME, 'nft']`). Rejects with AgentError:
 * FIREWALL_MISSING, FIREWALL_DENIED, FIREWALL_GONE (the table or a set of it is not there) or FIREWALL_FAILED, each
 * with nft's own first words.
 */
export async function runNft(command: readonly string[], call: NftCall): Promise<string> {
  const [program = 'nft', ...before] = command;
  const running = execa(program, [...before, ...call.args], {
    ...rootRights(),
    ...(call.input === null ? { stdin: 'ignore' as const } : { input: call.input }),
    // nft's messages are read below; a user's PATH on Debian leaves out the folder that nft is in.
    env: { LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    maxBuffer: LIMITS.firewallOutputBytesMax,
    reject: false,
    detached: true,
  });
  const limit = limitGroup(running, call.msMax);
  const result = await running;
  if (!result.failed && !limit.late) return result.stdout;
  if (result.code === 'ENOENT') {
    throw new AgentError(
      'FIREWALL_MISSING',
      `the program ${program} is not on this machine`,
      'install it: apt-get install nftables',
    );
  }
  if (limit.late) throw lateError(call.msMax);
  throw nftError(result.stderr === '' ? (result.shortMessage ?? '') : result.stderr);
}

/**
 * What nft said on stderr, as an AgentError. nft repeats the whole offending line, which can be
 * megabytes long, so only its first line that says "Error" is kept.
 */
export function nftError(stderr: string): AgentError {
  const words = firstErrorLine(stderr);
  const said = `nft refused: ${words}`;
  if (/Operation not permitted/.test(stderr)) {
    return new AgentError(
      'FIREWALL_DENIED',
      `this user may not change the firewall; ${said}`,
      'run the agent as root or with CAP_NET_ADMIN',
    );
  }
  if (words.includes('Too many open files in system')) {
    return new AgentError(
      'FIREWALL_FAILED',
      `a set of blocks in the kernel is full; ${said}`,
      'raise max_blocks in section [blocking], or remove blocks',
    );
  }
  if (words.includes('No such file or directory')) {
    return new AgentError(
      'FIREWALL_GONE',
      `the agent's rules are not in the firewall as they must be; ${said}`,
      'another program took them away: find it, or start the agent again to write them anew',
    );
  }
  return new AgentError(
    'FIREWALL_FAILED',
    said,
    'see what is in force: nft list ruleset; and what the kernel says: dmesg',
  );
}

function firstErrorLine(stderr: string): string {
  const lines = stderr.slice(0, 4096).split('\n');
  const line = lines.find((each) => each.includes('Error')) ?? lines[0] ?? '';
  return quoteText(line.replace(/^\S+:\d+:\d+-\d+: /, '').replace(/^Error: /, ''));
}

export const lateError = (msMax: number): AgentError =>
  new AgentError(
    'FIREWALL_FAILED',
    `nft did not finish within ${msMax} ms`,
    'see whether another program holds the firewall, or whether the machine is overloaded',
  );
