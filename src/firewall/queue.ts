import type { FirewallChange } from '../core/model/block.js';
import { AgentError, messageOf } from '../core/common/errors.js';
import { LIMITS } from '../core/common/limits.js';
import type { Firewall } from './port.js';

export interface FirewallQueueOptions {
  /** These changes are in force; `tookMs` is how long their transaction took. */
  readonly onApplied: (changes: readonly FirewallChange[], tookMs: number) => void;
  /** These changes are NOT in force, and why. Nothing is tried again by itself. */
  readonly onFailed: (changes: readonly FirewallChange[], error: AgentError) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs?: () => number;
}

export interface FirewallQueueStats {
  readonly pending: number;
  readonly underWay: number;
  readonly appliedTotal: number;
  readonly failedTotal: number;
  /** Those of `failedTotal` that found the queue full. */
  readonly refusedTotal: number;
  readonly transactionsTotal: number;
  /** null: there was none yet. */
  readonly lastTransactionMs: number | null;
}

export interface FirewallQueue {
  /** Takes changes in order; the first goes to the firewall before this returns. */
  submit(changes: readonly FirewallChange[]): void;
  /** Resolves once nothing is pending or under way. */
  idle(): Promise<void>;
  stats(): FirewallQueueStats;
}

type Counts = { -readonly [Name in keyof FirewallQueueStats]: FirewallQueueStats[Name] };

interface Run {
  readonly firewall: Firewall;
  readonly onApplied: FirewallQueueOptions['onApplied'];
  readonly onFailed: FirewallQueueOptions['onFailed'];
  readonly nowMs: () => number;
  readonly counts: Counts;
}

/**
 * Sends changes to the firewall: the first at once, those that come while a transaction is under
 * way together in the next. In a crowd additions do not wait for that, where the firewall takes them
 * side by side: while this process is busy with the crowd it hears no answer. What takes away waits
 * for all before it, and all after wait for it; so does what concerns a target that is under way, for
 * a refused batch goes in again after those that were taken. When a batch is refused it is halved
 * until the bad element stands alone, so that one bad block never keeps the good ones out.
 */
export function createFirewallQueue(
  firewall: Firewall,
  options: FirewallQueueOptions,
): FirewallQueue {
  const { onApplied, onFailed, nowMs = () => performance.now() } = options;
  const counts: Counts = {
    pending: 0,
    underWay: 0,
    appliedTotal: 0,
    failedTotal: 0,
    refusedTotal: 0,
    transactionsTotal: 0,
    lastTransactionMs: null,
  };
  const run: Run = { firewall, onApplied, onFailed, nowMs, counts };
  const flow: Flow = {
    run,
    pending: [],
    batches: new Set(),
    targets: new Set(),
    beside: false,
    rest: null,
  };
  const { pending, batches } = flow;
  return {
    submit: (changes) => {
      const room = LIMITS.firewallQueueChangesMax - pending.length;
      for (const change of changes.slice(0, room)) pending.push(change);
      if (changes.length > room) refuse(run, changes.slice(room));
      beginWhatMay(flow);
    },
    idle: async () => {
      while (batches.size > 0) await Promise.all(batches);
    },
    stats: () => ({ ...counts, pending: pending.length }),
  };
}

/** What waits and what is under way. */
interface Flow {
  readonly run: Run;
  readonly pending: FirewallChange[];
  readonly batches: Set<Promise<void>>;
  /** What the batches under way concern. */
  readonly targets: Set<string>;
  /** true: others may begin beside the batches under way. */
  beside: boolean;
  /** Begins the last few of a crowd at the end of this turn of the loop. */
  rest: NodeJS.Immediate | null;
}

function begin(flow: Flow, batch: readonly FirewallChange[]): void {
  const { run, batches, targets } = flow;
  run.counts.underWay += batch.length;
  for (const change of batch) targets.add(keyOf(change));
  flow.beside = run.firewall.addsSideBySide && isCrowdPart(batch);
  const working = applyBatch(run, batch).finally(() => {
    run.counts.underWay -= batch.length;
    for (const change of batch) targets.delete(keyOf(change));
    batches.delete(working);
    beginWhatMay(flow);
  });
  batches.add(working);
}

function beginWhatMay(flow: Flow): void {
  const { pending, batches } = flow;
  if (batches.size === 0 && pending.length > 0) {
    begin(flow, pending.splice(0, LIMITS.firewallBatchChangesMax));
  }
  while (
    hasRoomBeside(flow) &&
    pending.length >= LIMITS.firewallCrowdChanges &&
    // What came all at once is one large transaction sooner than many small ones.
    pending.length < LIMITS.firewallCrowdChangesMax &&
    mayBeginBeside(flow, pending.slice(0, LIMITS.firewallCrowdChanges))
  ) {
    begin(flow, pending.splice(0, LIMITS.firewallCrowdChanges));
  }
  // The last few of a crowd do not wait for answers, which are heard after much other work.
  if (batches.size > 1 && pending.length > 0) {
    flow.rest ??= setImmediate(() => {
      flow.rest = null;
      if (hasRoomBeside(flow) && pending.length > 0 && mayBeginBeside(flow, pending)) {
        begin(flow, pending.splice(0));
      }
    });
  }
}

const hasRoomBeside = ({ beside, batches }: Flow): boolean =>
  beside && batches.size > 0 && batches.size < LIMITS.firewallBatchesMax;

const keyOf = ({ scope, target }: FirewallChange): string => `${scope} ${target}`;

const mayBeginBeside = ({ targets }: Flow, batch: readonly FirewallChange[]): boolean =>
  isCrowdPart(batch) && !batch.some((change) => targets.has(keyOf(change)));

/** Few additions and nothing else. */
const isCrowdPart = (batch: readonly FirewallChange[]): boolean =>
  batch.length <= LIMITS.firewallCrowdChanges && batch.every(({ kind }) => kind === 'add');

function refuse(run: Run, changes: readonly FirewallChange[]): void {
  run.counts.refusedTotal += changes.length;
  fail(
    run,
    changes,
    new AgentError(
      'FIREWALL_FAILED',
      `more than ${LIMITS.firewallQueueChangesMax} changes wait for the firewall`,
      'see whether nft hangs; the next comparison with the kernel makes up for what was left out',
    ),
  );
}

/**
 * Applies a batch, halving what is refused. The number of calls is bounded: when most of a batch is
 * bad (a set that is full), finding each one would keep the good ones of the next batch waiting.
 */
async function applyBatch(run: Run, batch: readonly FirewallChange[]): Promise<void> {
  const parts: (readonly FirewallChange[])[] = [batch];
  let callsLeft: number = LIMITS.firewallSplitCallsMax;
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const error = await applyPart(run, part);
    callsLeft -= 1;
    if (error === null) continue;
    if (part.length === 1 || callsLeft < parts.length + 2 || concernsAll(error)) {
      fail(run, part, error);
    } else {
      const middle = Math.ceil(part.length / 2);
      parts.push(part.slice(middle), part.slice(0, middle));
    }
  }
}

/** Null when the part is in force, else why it is not. */
async function applyPart(run: Run, part: readonly FirewallChange[]): Promise<AgentError | null> {
  const startMs = run.nowMs();
  const error = await run.firewall.apply(part).then(() => null, toAgentError);
  const tookMs = run.nowMs() - startMs;
  run.counts.transactionsTotal += 1;
  run.counts.lastTransactionMs = tookMs;
  if (error === null) {
    run.counts.appliedTotal += part.length;
    run.onApplied(part, tookMs);
  }
  return error;
}

/** Errors that no choice of elements would avoid. */
const concernsAll = (error: AgentError): boolean =>
  ['FIREWALL_MISSING', 'FIREWALL_DENIED', 'FIREWALL_GONE'].includes(error.code);

function fail(run: Run, changes: readonly FirewallChange[], error: AgentError): void {
  run.counts.failedTotal += changes.length;
  run.onFailed(changes, error);
}

/** A fault in a backend is reported like a refusal: the trap must not stop for it. */
function toAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  return new AgentError(
    'INTERNAL',
    `the firewall backend failed: ${messageOf(error)}`,
    'report this with the log around it',
    error,
  );
}
