import type { EventRecord } from '../core/model/event.js';
import { LIMITS } from '../core/model/limits.js';
import type { Persister, PersisterReport } from './persister.js';
import { countDecisions, type StoreBatch, type StoreStats } from './types.js';

/** The bounded queue in front of the persister, with its counts. */
export interface Queue {
  /** Names the persister that takes the batches; once, before the first write. */
  feed(sink: Pick<Persister, 'accept'>): void;
  write(batch: StoreBatch): void;
  /** Sends what is gathered now. */
  send(): void;
  /** Takes what the persister reports. */
  readonly note: (report: PersisterReport) => void;
  /** The persister is gone: what is not settled is lost, and so is what comes later. */
  lose(error: string): void;
  stats(): StoreStats;
}

type Settled = Extract<PersisterReport, { kind: 'settled' }>;

/** The counts of the queue, and whether there is room in it. */
interface Ledger {
  /** True when the event has its place in the queue; false: it is dropped, and counted so. */
  admitEvent(record: EventRecord): boolean;
  admitDecisions(count: number): boolean;
  settle(report: Settled): void;
  settleAll(): void;
  log(lines: number, linesLost: number): void;
  fail(error: string | null): void;
  stats(): StoreStats;
}

interface Gathered {
  readonly events: EventRecord[];
  readonly sightings: StoreBatch['sightings'][number][];
  readonly blocks: StoreBatch['blocks'][number][];
  readonly calls: StoreBatch['calls'][number][];
  readonly endedBlocks: StoreBatch['endedBlocks'][number][];
  readonly jobRuns: StoreBatch['jobRuns'][number][];
}

/**
 * Gathers what is written for a moment or up to a full batch, so that the persister commits few
 * large transactions. Events over the bound are dropped first, for they are samples; decisions
 * have a bound of their own.
 */
export function createQueue(onNotice: (text: string) => void): Queue {
  const ledger = createLedger();
  let gathered = emptyGathered();
  let timer: NodeJS.Timeout | null = null;
  let sink: Pick<Persister, 'accept'> | null = null;

  const send = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (gathered.events.length === 0 && countDecisions(gathered) === 0) return;
    const batch = gathered;
    gathered = emptyGathered();
    if (sink !== null) sink.accept(batch);
    else ledger.settleAll();
  };

  return {
    feed: (persister) => {
      sink = persister;
    },
    write: (batch) => {
      if (ledger.admitDecisions(countDecisions(batch))) gatherDecisions(gathered, batch);
      for (const record of batch.events) {
        if (!ledger.admitEvent(record)) continue;
        gathered.events.push(record);
        if (gathered.events.length >= LIMITS.storeBatchEventsMax) send();
      }
      timer ??= setTimeout(send, LIMITS.storeGatherMsMax);
    },
    send,
    note: (report) => {
      if (report.kind === 'settled') ledger.settle(report);
      else if (report.kind === 'logged') ledger.log(report.jsonLines, report.linesLost);
      else if (report.kind === 'health') ledger.fail(report.error);
      else onNotice(report.text);
    },
    lose: (error) => {
      sink = null;
      gathered = emptyGathered();
      ledger.fail(error);
      ledger.settleAll();
    },
    stats: () => ledger.stats(),
  };
}

function createLedger(): Ledger {
  const counts = startCounts();
  let queuedBytes = 0;

  const settle = (report: Settled): void => {
    counts.queued -= report.events;
    counts.decisionsQueued -= report.decisions;
    queuedBytes -= report.bytes;
    counts[report.committed ? 'committed' : 'failed'] += report.events;
    counts[report.committed ? 'decisionsCommitted' : 'decisionsLost'] += report.decisions;
  };

  return {
    admitEvent: ({ raw }) => {
      const full = counts.queued >= LIMITS.storeQueuedEventsMax;
      if (full || queuedBytes + raw.length > LIMITS.storeQueuedBytesMax) {
        counts.dropped += 1;
        return false;
      }
      counts.queued += 1;
      queuedBytes += raw.length;
      return true;
    },
    admitDecisions: (count) => {
      const admitted = counts.decisionsQueued + count <= LIMITS.storeQueuedDecisionsMax;
      counts[admitted ? 'decisionsQueued' : 'decisionsLost'] += count;
      return admitted;
    },
    settle,
    settleAll: () => {
      const { queued: events, decisionsQueued: decisions } = counts;
      settle({ kind: 'settled', events, decisions, bytes: queuedBytes, committed: false });
    },
    log: (lines, linesLost) => {
      counts.jsonLines += lines;
      counts.logLinesLost += linesLost;
    },
    fail: (error) => {
      counts.lastError = error;
    },
    stats: () => ({ ...counts }),
  };
}

function startCounts(): { -readonly [Name in keyof StoreStats]: StoreStats[Name] } {
  return {
    queued: 0,
    committed: 0,
    dropped: 0,
    failed: 0,
    decisionsQueued: 0,
    decisionsCommitted: 0,
    decisionsLost: 0,
    lastError: null,
    jsonLines: 0,
    logLinesLost: 0,
  };
}

const emptyGathered = (): Gathered => ({
  events: [],
  sightings: [],
  blocks: [],
  calls: [],
  endedBlocks: [],
  jobRuns: [],
});

function gatherDecisions(gathered: Gathered, batch: StoreBatch): void {
  append(gathered.sightings, batch.sightings);
  append(gathered.blocks, batch.blocks);
  append(gathered.calls, batch.calls);
  append(gathered.endedBlocks, batch.endedBlocks);
  append(gathered.jobRuns, batch.jobRuns);
}

/** One by one: push(...rows) puts every row on the stack, which an import of 200,000 would break. */
function append<Row>(to: Row[], rows: readonly Row[]): void {
  for (const row of rows) to.push(row);
}
