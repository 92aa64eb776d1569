import { execa } from 'execa';
import { LIMITS } from '../../core/common/limits.js';
import { mindGroup } from '../child-group.js';
import { rootRights } from '../root-rights.js';

export interface NftWatch {
  readonly runs: () => boolean;
  close(): Promise<void>;
}

/**
 * A monitor reads nothing and writes seldom, so that it would outlive an agent that is killed. Beside it
 * waits a shell for the end of its stdin, which comes with the agent's end, whatever that is. The
 * program and its words are arguments, and no part of the text. The shell holds none of the pipes that
 * are read here.
 */
const TETHERED =
  'exec 3<&0; (read -r _ <&3; kill -9 $$) >/dev/null 2>&1 & exec "$@" 3<&- </dev/null';

/**
 * Calls `lost` when a rule of our table is deleted or added. `nft flush ruleset`, `delete table` and
 * `flush table` all delete rules, a saved ruleset that is loaded adds them, and adding and removing
 * blocks does neither, so rules alone say what must be known and stay few; every element would be
 * echoed too (9 MB for 100,000). nft keeps the elements of all sets in its own memory while it watches
 * (51 MB at 100,000, measured). A watcher that ends is started again after a while.
 */
export function watchTable(command: readonly string[], table: string, lost: () => void): NftWatch {
  const sign = new RegExp(`^(?:delete|add|insert|replace) rule inet ${table} `, 'm');
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  let running = start();

  function start() {
    const child = execa('sh', ['-c', TETHERED, 'sh', ...command, 'monitor', 'rules'], {
      ...rootRights(),
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'ignore',
      buffer: false,
      reject: false,
      detached: true,
      env: { LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    const group = mindGroup(child);
    // It may have ended before what waits beside it: nothing is written there.
    child.stdin.on('error', () => undefined);
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const text = rest + chunk.toString('latin1');
      const end = text.lastIndexOf('\n');
      const lines = text.slice(0, end + 1);
      // The kernel drops events when too many come at once, and nft says so.
      if (sign.test(lines) || lines.includes('We lost some netlink events')) lost();
      rest = text.slice(end + 1).slice(-LIMITS.firewallWatchLineCharsMax);
    });
    void child.then(() => {
      if (closed) return;
      // What happened meanwhile was not seen.
      timer = setTimeout(() => {
        timer = null;
        running = start();
        lost();
      }, LIMITS.firewallChildRestMs);
      timer.unref();
    });
    return { child, group };
  }

  return {
    runs: () => !closed && timer === null,
    close: async () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      running.group.end();
      await running.child;
    },
  };
}
