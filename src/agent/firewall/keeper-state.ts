import type { BlockDrops } from '../../store/types.js';
import type { AgentState } from '../../core/step.js';
import type {
  ActualBlock,
  Firewall,
  FirewallOwner,
  StormLimit,
  TrapSockets,
} from '../../firewall/port.js';
import type { FirewallQueue } from '../../firewall/queue.js';
import type { ChosenFirewall } from '../../firewall/select.js';
import type { DropLedger } from './drop-ledger.js';
import type { FailedChanges } from './failed-changes.js';

export interface KeeperOptions {
  readonly chosen: ChosenFirewall;
  readonly state: AgentState;
  readonly owner: FirewallOwner;
  readonly sipPorts: readonly number[];
  readonly trap: TrapSockets;
  readonly storm: StormLimit;
  readonly earlierDrops?: Iterable<BlockDrops>;
  readonly nowUs: () => number;
  readonly say: (text: string) => void;
  /** Young elements without a block: written just before a crash. They are to become blocks. */
  readonly adopt: (found: readonly ActualBlock[]) => void;
  /** Another agent has our table: nothing is enforced any more. */
  readonly onStandBack: () => void;
  readonly recordDrops: (drops: readonly BlockDrops[]) => Promise<void>;
}

/** What a keeper has in hand. */
export interface Keeping {
  readonly options: KeeperOptions;
  readonly firewall: Firewall;
  readonly queue: FirewallQueue;
  readonly failed: FailedChanges;
  readonly drops: DropLedger;
  /** Targets that were freed: their elements are not to be adopted. */
  readonly freed: Set<string>;
  chosen: ChosenFirewall;
  lastError: string | null;
  lastRepair: { readonly atUs: number; readonly what: string } | null;
  repairs: number;
  compared: { readonly atUs: number; readonly actual: number; readonly differing: number } | null;
  nextFullUs: number;
  repairing: Promise<string> | null;
  lostAgain: boolean;
  /** true: the last write of the whole failed, and what is in force is not what must be. */
  unwritten: boolean;
  /** true: this keeper has written the whole table, so that what it does not know in it is of others. */
  wroteWhole: boolean;
}
