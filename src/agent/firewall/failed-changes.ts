import type { FirewallChange } from '../../core/model/block.js';
import { LIMITS } from '../../core/common/limits.js';

/** Changes that the firewall refused, to be tried again; the wait doubles while it goes on refusing. */
export interface FailedChanges {
  /** What failed; the same target and scope stand once. */
  add(changes: readonly FirewallChange[]): void;
  /** These are in force. */
  settle(changes: readonly FirewallChange[]): void;
  clear(): void;
  readonly size: number;
  stop(): void;
}

const FIRST_WAIT_MS = 1_000;

/** `retry` gets what failed; it makes of it what is wanted by then, and submits that. */
export function createFailedChanges(
  retry: (changes: readonly FirewallChange[]) => void,
): FailedChanges {
  const failed = new Map<string, FirewallChange>();
  let timer: NodeJS.Timeout | null = null;
  let waitMs = FIRST_WAIT_MS;
  const keyOf = (change: FirewallChange): string => `${change.scope} ${change.target}`;
  const schedule = (): void => {
    if (timer !== null || failed.size === 0) return;
    timer = setTimeout(() => {
      timer = null;
      waitMs = Math.min(waitMs * 2, LIMITS.firewallRetryMsMax);
      retry([...failed.values()]);
    }, waitMs);
    timer.unref();
  };
  return {
    add: (changes) => {
      for (const change of changes) {
        // Beyond the bound the next full comparison finds them.
        if (failed.size < LIMITS.firewallFailedChangesMax) failed.set(keyOf(change), change);
      }
      schedule();
    },
    settle: (changes) => {
      if (failed.size === 0) return;
      for (const change of changes) failed.delete(keyOf(change));
      if (failed.size === 0) waitMs = FIRST_WAIT_MS;
    },
    clear: () => {
      failed.clear();
      waitMs = FIRST_WAIT_MS;
    },
    get size() {
      return failed.size;
    },
    stop: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
