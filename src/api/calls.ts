import type { TokenScope } from '../core/model/token-scope.js';
import type { BlockOrigin, Scope } from '../core/model/block.js';
import type {
  AlertTest,
  AlertsView,
  BlockView,
  FirewallView,
  JobView,
  NearView,
  PeerView,
  RuleView,
  StatusView,
  TokenView,
} from './views.js';

export interface AddBlock {
  readonly target: string;
  readonly scope: Scope;
  /** Seconds; null: until removed. */
  readonly duration_s: number | null;
  readonly reason: string;
  /** Also over a protected peer. */
  readonly force: boolean;
  /** Also where the network is wider than any that is given to somebody; absent: no. */
  readonly wide?: boolean | undefined;
}

export interface RemovedBlock {
  readonly removed: BlockView;
  /** Other active blocks that still cover the target: they were not asked for and stay. */
  readonly still_covered_by: readonly string[];
}

export interface AddedBlocks {
  readonly added: number;
  readonly refused: readonly { readonly target: string; readonly why: string }[];
}

/** Which blocks `clear` ends; null: whatever it is. */
export interface ClearFilter {
  readonly origin: BlockOrigin | null;
  readonly scope: Scope | null;
}

export interface ProtectPeer {
  /** Address, CIDR or host name. */
  readonly name: string;
  readonly note: string;
}

export interface ProtectedNow {
  readonly name: string;
  /** What the name stands for now. */
  readonly targets: readonly string[];
  readonly lifted_blocks: number;
}

export interface CreateToken {
  readonly name: string;
  readonly scope: TokenScope;
  /** Seconds; null: until it is revoked. */
  readonly duration_s: number | null;
}

export interface CreatedToken extends TokenView {
  /** The one time that it is told. */
  readonly token: string;
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
  /** How near the rules are to firing for an address (canonical text), the nearest first. */
  nearness(address: string): Promise<readonly NearView[]>;
  /** `origin`: how the request came; absent: typed on this host. */
  addBlock(request: AddBlock, origin?: 'manual' | 'api'): Promise<BlockView>;
  /** Many at once, at most `blocksPerRequestMax`; a refused one does not stop the others. */
  addBlocks(
    requests: readonly AddBlock[],
    origin: 'manual' | 'import' | 'api',
  ): Promise<AddedBlocks>;
  /** Ends every block that matches. */
  clearBlocks(filter: ClearFilter): Promise<{ readonly removed: number }>;
  protectedPeers(): Promise<readonly PeerView[]>;
  protectPeer(peer: ProtectPeer): Promise<ProtectedNow>;
  unprotectPeer(name: string): Promise<{ readonly removed: string }>;
  tokens(): Promise<readonly TokenView[]>;
  createToken(request: CreateToken): Promise<CreatedToken>;
  revokeToken(name: string): Promise<{ readonly revoked: string }>;
  /** Ends the trial of an enforcing start: the agent goes on blocking. */
  confirm(): Promise<{ readonly confirmed: true }>;
  removeBlock(target: string): Promise<RemovedBlock>;
  /** Where alerts go, and what became of the latest. */
  alerts(): Promise<AlertsView>;
  /** Tells one target, or all of them, something harmless now; what fails is a result. */
  testAlerts(target: string | null): Promise<readonly AlertTest[]>;
  jobs(): Promise<readonly JobView[]>;
  /** Runs a job now and resolves when it is over; a failed job is a result, not a rejection. */
  runJob(name: string): Promise<JobView>;
}
