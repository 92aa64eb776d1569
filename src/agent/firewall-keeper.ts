import { isEnded } from '../core/block/block-table.js';
import type { Block, FirewallChange } from '../core/model/block.js';
import type { AgentState } from '../core/step.js';
import type { ActualFirewall, DesiredBlock, DesiredFirewall } from '../firewall/port.js';
import { createFirewallQueue, type FirewallQueue } from '../firewall/queue.js';
import type { ChosenFirewall } from '../firewall/select.js';

/** Keeps the firewall as the blocks in memory say. */
export interface FirewallKeeper {
  readonly chosen: ChosenFirewall;
  submit(change: FirewallChange): void;
  /** Puts everything in force, in one transaction. */
  readonly sync: () => Promise<void>;
  /** Compares and repairs; resolves to a line that says what was found. */
  readonly check: () => Promise<string>;
  /** Packets dropped for a target as of the last check; null when it was not seen then. */
  packetsDropped(target: string): number | null;
  readonly idle: () => Promise<void>;
  readonly stats: () => KeeperStats;
}

export interface KeeperStats {
  readonly waiting: number;
  readonly failed: number;
  readonly repairs: number;
  readonly lastError: string | null;
}

export interface KeeperOptions {
  readonly chosen: ChosenFirewall;
  readonly state: AgentState;
  readonly sipPorts: readonly number[];
  readonly nowUs: () => number;
  readonly say: (text: string) => void;
}

/** A block this near to its end may be gone from the kernel already. */
const NEARLY_ENDED_US = 3_000_000;

export function createFirewallKeeper(options: KeeperOptions): FirewallKeeper {
  const { chosen, nowUs, say } = options;
  let dropped: ReadonlyMap<string, number> = new Map();
  let lastError: string | null = null;
  let repairs = 0;
  const queue: FirewallQueue = createFirewallQueue(chosen.firewall, {
    onApplied: () => undefined,
    onFailed: (changes, error) => {
      lastError = error.message;
      const [first] = changes;
      say(`not in force: ${first?.kind ?? ''} ${first?.target ?? ''}: ${error.message}`);
      // A table taken away by another program fails every change: put all of it back at once.
      if (error.code === 'FIREWALL_GONE') void keeper.check().catch(() => undefined);
    },
  });
  const sync = async (): Promise<void> => {
    try {
      await chosen.firewall.sync(desiredOf(options));
      lastError = null;
    } catch (error) {
      lastError = error instanceof Error ? error.message : String(error);
      throw error;
    }
  };
  const keeper: FirewallKeeper = {
    chosen,
    submit: (change) => {
      if (chosen.enforcing) queue.submit([change]);
    },
    sync,
    check: async () => {
      if (!chosen.enforcing) return 'observing: nothing to compare';
      await queue.idle();
      const before = desiredOf(options);
      const actual = await chosen.firewall.read();
      dropped = new Map(actual.blocks.map((block) => [block.target, block.packetsDropped]));
      const difference = compare(before, actual, options.state, nowUs());
      if (difference === null) return `${actual.blocks.length} blocks, as they should be`;
      await sync();
      repairs += 1;
      say(`firewall repaired: ${difference}`);
      return `repaired: ${difference}`;
    },
    packetsDropped: (target) => dropped.get(target) ?? null,
    idle: () => queue.idle(),
    stats: () => {
      const { pending, underWay, failedTotal } = queue.stats();
      return { waiting: pending + underWay, failed: failedTotal, repairs, lastError };
    },
  };
  return keeper;
}

function desiredOf({ state, sipPorts, nowUs }: KeeperOptions): DesiredFirewall {
  const now = nowUs();
  const blocks: DesiredBlock[] = [];
  for (const block of state.blocks.table.byTarget.values()) {
    if (block.simulated || isEnded(block, now)) continue;
    blocks.push({ target: block.target, scope: block.scope, timeoutS: secondsLeft(block, now) });
  }
  return {
    protect: state.blocks.protect.peers.map(({ target }) => target),
    sipPorts,
    blocksMax: state.settings.policy.blocksMax,
    blocks,
  };
}

const secondsLeft = (block: Block, nowUs: number): number | null =>
  block.expiresAtUs === null ? null : Math.ceil((block.expiresAtUs - nowUs) / 1_000_000);

/** What differs, in words; null when nothing does. */
function compare(
  desired: DesiredFirewall,
  actual: ActualFirewall,
  state: AgentState,
  nowUs: number,
): string | null {
  if (!actual.present) return 'our table was gone';
  const found = new Set(actual.blocks.map(({ target, scope }) => `${scope} ${target}`));
  const missing = desired.blocks.filter(({ target, scope }) => {
    const block = state.blocks.table.byTarget.get(target);
    const ends = block?.expiresAtUs ?? Infinity;
    return (
      block !== undefined && ends - nowUs > NEARLY_ENDED_US && !found.has(`${scope} ${target}`)
    );
  });
  const extra = actual.blocks.filter(({ target }) => !state.blocks.table.byTarget.has(target));
  if (missing.length === 0 && extra.length === 0) return null;
  return `${missing.length} blocks were missing, ${extra.length} were not ours to keep`;
}
