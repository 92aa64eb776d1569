import { execa } from 'execa';
import { LIMITS } from '../core/model/limits.js';
import { mindGroup } from './child-group.js';
import { rootRights } from './root-rights.js';

export interface NftWatch {
  readonly runs: () => boolean;
  close(): Promise<void>;
}

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
    const [program = 'nft', ...before] = command;
    const child = execa(program, [...before, 'monitor', 'rules'], {
      ...rootRights(),
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
      buffer: false,
      reject: false,
      detached: true,
      env: { LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    const group = mindGroup(child);
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
