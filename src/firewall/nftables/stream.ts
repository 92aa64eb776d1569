import { execa } from 'execa';
import { LIMITS } from '../../core/common/limits.js';
import { limitGroup } from '../child-group.js';
import { lateError, nftError } from './run.js';
import { readElement, readSetName, type SetKey } from './element.js';
import type { ActualBlock } from '../port.js';
import { rootRights } from '../root-rights.js';

/** One piece of the listing that says something: the name of a set, or an element of it. */
const PIECE = /"name": "([a-z0-9_]{1,64})"|"elem": (\{"val": [^{}]*(?:\{[^{}]*\}[^{}]*)?\})/g;

/** Longer than any piece, so that one which lies over the end of a chunk is found with the next. */
const PIECE_CHARS_MAX = 1_024;

/**
 * Feeds the text of `nft -j list table`, chunk by chunk, and calls `see` for every block. The text
 * of 100,000 blocks is 15 MB and its objects are many times that, so it is never held as a whole.
 * The shape is libnftables-json(5)'s; only elements that carry a timeout, a counter or both come as
 * objects, and every set of blocks has counters.
 */
export function createBlockScanner(see: (block: ActualBlock) => void): (chunk: string) => void {
  let rest = '';
  let key: SetKey | null = null;
  return (chunk) => {
    const text = rest + chunk;
    let doneTo = 0;
    PIECE.lastIndex = 0;
    for (let match = PIECE.exec(text); match !== null; match = PIECE.exec(text)) {
      doneTo = PIECE.lastIndex;
      if (match[1] !== undefined) key = readSetName(match[1]);
      else if (match[2] !== undefined && key !== null && key.purpose !== 'protect') {
        see(readElement(match[2], key, key.purpose));
      }
    }
    rest = text.slice(Math.max(doneTo, text.length - PIECE_CHARS_MAX));
  };
}

/** Streams the table. False: it is not there. Rejects with AgentError FIREWALL_*. */
export async function visitTable(
  command: readonly string[],
  table: string,
  see: (block: ActualBlock) => void,
): Promise<boolean> {
  const [program = 'nft', ...before] = command;
  const scan = createBlockScanner(see);
  const running = execa(program, [...before, '-j', 'list', 'table', 'inet', table], {
    ...rootRights(),
    stdin: 'ignore',
    buffer: { stdout: false, stderr: true },
    reject: false,
    env: { LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    detached: true,
  });
  running.stdout.on('data', (chunk: Buffer) => {
    scan(chunk.toString('latin1'));
  });
  const limit = limitGroup(running, LIMITS.firewallBulkMsMax);
  const result = await running;
  if (limit.late) throw lateError(LIMITS.firewallBulkMsMax);
  if (!result.failed) return true;
  const error = nftError(result.stderr === '' ? (result.shortMessage ?? '') : result.stderr);
  if (error.code === 'FIREWALL_GONE') return false;
  throw error;
}
