import type { FirewallChange } from '../../core/model/block.js';
import { messageOf, type AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { createFirewallQueue, type FirewallQueue } from '../../firewall/queue.js';
import type { ChosenFirewall } from '../../firewall/select.js';
import { createDropLedger } from './drop-ledger.js';
import { createFailedChanges } from './failed-changes.js';
import { asWantedNow, checkAll, repairSoon } from './repair.js';
import { syncAll } from './write.js';
import type { KeeperOptions, Keeping } from './keeper-state.js';

/** Keeps the firewall as the blocks in memory say. */
export interface FirewallKeeper {
  readonly chosen: ChosenFirewall;
  submit(change: FirewallChange): void;
  /** Puts everything in force, in one transaction, and begins to watch over it. */
  readonly sync: () => Promise<void>;
  /** Looks whether our rules are there, and now and then at each block; repairs. Says what it found. */
  readonly check: (depth?: 'quick' | 'full') => Promise<string>;
  /** A blocked source was heard although the firewall should drop it. */
  readonly stillTalking: () => void;
  /** The protected peers have changed. */
  readonly protect: () => Promise<void>;
  /** Limits new flows to the trap, or ceases to: the breaker has tripped or is back. */
  readonly limit: (on: boolean) => void;
  readonly idle: () => Promise<void>;
  readonly stats: () => KeeperStats;
  /** Takes our rules away, unless they are another agent's by now. */
  readonly remove: () => Promise<void>;
  /** Takes our rules away and writes none any more. */
  readonly standDown: (why: string) => Promise<void>;
  /** Ends what watches; rules stay. */
  readonly close: () => Promise<void>;
}

export interface KeeperStats {
  readonly waiting: number;
  readonly failed: number;
  /** Refused changes that are to be tried again. */
  readonly retrying: number;
  readonly repairs: number;
  readonly lastRepairUs: number | null;
  readonly lastRepair: string | null;
  readonly lastError: string | null;
  /** true: it is heard at once when rules of ours are taken away. */
  readonly guarded: boolean;
  /** As of the last full look; null before it. */
  readonly actual: number | null;
  readonly differing: number | null;
  readonly comparedAtUs: number | null;
}

const STILL_TALKING_EVERY_US = 10_000_000;

export function createFirewallKeeper(options: KeeperOptions): FirewallKeeper {
  const keeping = createKeeping(options);
  const { firewall, queue, failed, freed } = keeping;
  const { state, nowUs, say, owner } = options;
  let talkedAtUs = -Infinity;
  return {
    get chosen() {
      return keeping.chosen;
    },
    submit: (change) => {
      if (change.kind === 'add') freed.delete(change.target);
      else if (freed.size < LIMITS.returnsMax) freed.add(change.target);
      if (keeping.chosen.enforcing) queue.submit([change]);
    },
    sync: () => syncAll(keeping, () => void repairSoon(keeping)),
    check: (depth = 'full') => checkAll(keeping, depth),
    stillTalking: () => {
      if (!keeping.chosen.enforcing || nowUs() - talkedAtUs < STILL_TALKING_EVERY_US) return;
      talkedAtUs = nowUs();
      void repairSoon(keeping);
    },
    protect: async () => {
      if (!keeping.chosen.enforcing) return;
      await firewall.protect(state.blocks.protect.peers.map(({ target }) => target));
    },
    limit: (on) => {
      if (!keeping.chosen.enforcing) return;
      firewall.limit(on).catch((error: unknown) => {
        keeping.lastError = messageOf(error);
        say(`the limit of the SIP ports could not be changed: ${keeping.lastError}`);
      });
    },
    idle: () => queue.idle(),
    stats: () => statsOf(keeping),
    remove: async () => {
      const { owner: other } = await firewall.look();
      if (other === null || other.id === owner.id) await firewall.remove();
    },
    standDown: async (why) => {
      keeping.chosen = { ...keeping.chosen, enforcing: false, why };
      say(why);
      await firewall.close();
      await firewall.remove();
    },
    close: async () => {
      failed.stop();
      await queue.idle();
      await keeping.repairing;
      await firewall.close();
    },
  };
}

function createKeeping(options: KeeperOptions): Keeping {
  const { firewall } = options.chosen;
  const failed = createFailedChanges((changes) => {
    queue.submit(changes.map((change) => asWantedNow(keeping, change)));
  });
  const queue: FirewallQueue = createFirewallQueue(firewall, {
    onApplied: (changes) => {
      if (failed.size === 0) return;
      failed.settle(changes);
      if (failed.size === 0) keeping.lastError = null;
    },
    onFailed: (changes, error) => {
      noteFailure(keeping, changes, error);
    },
  });
  const keeping: Keeping = {
    options,
    firewall,
    queue,
    failed,
    drops: createDropLedger(options.earlierDrops),
    freed: new Set(),
    chosen: options.chosen,
    lastError: null,
    lastRepair: null,
    repairs: 0,
    compared: null,
    nextFullUs: 0,
    repairing: null,
    lostAgain: false,
    unwritten: false,
    wroteWhole: false,
  };
  return keeping;
}

function noteFailure(
  keeping: Keeping,
  changes: readonly FirewallChange[],
  error: AgentError,
): void {
  const [first] = changes;
  // Thousands of changes may fail for one reason, which is said once.
  if (keeping.lastError !== error.message) {
    const what = `${first?.kind ?? ''} ${first?.target ?? ''}`;
    keeping.options.say(`not in force: ${what}: ${error.message}`);
  }
  keeping.lastError = error.message;
  if (error.code !== 'PROTECTED') keeping.failed.add(changes);
  // A table taken away by another program fails every change: put all of it back at once.
  if (error.code === 'FIREWALL_GONE') void repairSoon(keeping);
}

/** What could not be written differs, whatever the last full look has seen. */
const differing = (
  { options, unwritten }: Pick<Keeping, 'options' | 'unwritten'>,
  failed: number,
  seen: number | null,
): number | null => {
  const least = unwritten ? Math.max(1, options.state.blocks.table.byTarget.size) : failed;
  return seen === null && least === 0 ? null : Math.max(seen ?? 0, least);
};

function statsOf({ queue, failed, compared, lastRepair, ...keeping }: Keeping): KeeperStats {
  const { pending, underWay, failedTotal } = queue.stats();
  return {
    waiting: pending + underWay,
    failed: failedTotal,
    retrying: failed.size,
    repairs: keeping.repairs,
    lastRepairUs: lastRepair?.atUs ?? null,
    lastRepair: lastRepair?.what ?? null,
    lastError: keeping.lastError,
    guarded: keeping.chosen.enforcing && keeping.firewall.watched(),
    actual: compared?.actual ?? null,
    differing: differing(keeping, failed.size, compared?.differing ?? null),
    comparedAtUs: compared?.atUs ?? null,
  };
}
