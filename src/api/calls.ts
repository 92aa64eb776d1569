import type { Scope } from '../core/model/block.js';
import type { BlockView, FirewallView, JobView, RuleView, StatusView } from './views.js';

export interface AddBlock {
  readonly target: string;
  readonly scope: Scope;
  /** Seconds; null: until removed. */
  readonly duration_s: number | null;
  readonly reason: string;
}

export interface RemovedBlock {
  readonly removed: BlockView;
  /** Other active blocks that still cover the target: they were not asked for and stay. */
  readonly still_covered_by: readonly string[];
}

/**
 * What the commands ask of an agent. Three stand behind it: the running agent itself, the client
 * that speaks to it over the control socket, and the offline client when no agent runs. All
 * reject with an AgentError.
 */
export interface AgentCalls {
  status(): Promise<StatusView>;
  rules(): Promise<readonly RuleView[]>;
  firewall(): Promise<FirewallView>;
  addBlock(request: AddBlock): Promise<BlockView>;
  removeBlock(target: string): Promise<RemovedBlock>;
  /** Packets dropped by target as of the last check of the firewall; absent: not seen then. */
  packetsDropped(targets: readonly string[]): Promise<Readonly<Record<string, number>>>;
  jobs(): Promise<readonly JobView[]>;
  /** Runs a job now and resolves when it is over; a failed job is a result, not a rejection. */
  runJob(name: string): Promise<JobView>;
}
