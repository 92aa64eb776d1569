import type { EventRecord } from '../../core/model/event.js';
import { LIMITS } from '../../core/common/limits.js';
import { createPacker, type Packer } from './pack.js';
import type { RemoteCounts } from '../logs/remote/remote-logs.js';
import { createThinner, type ThinnedSource } from './thinning.js';
import { countDecisions, type StoreBatch, type StoreStats } from '../types.js';
import type { PackedBatch, Persister, PersisterReport } from './persister-types.js';

/** The bounded queue in front of the persister, with its counts. */
export interface Queue {
  /** Names the persister that takes the batches; once, before the first write. */
  feed(sink: Pick<Persister, 'accept'>): void;
  write(batch: StoreBatch): void;
  /** As write() of a batch of this event alone. */
  keep(record: EventRecord): void;
  /** Sends what is gathered now, the counts of what was not kept too. */
  send(): void;
  /** Takes what the persister reports. */
  readonly note: (report: PersisterReport) => void;
  /** The persister is gone: what is not settled is lost, and so is what comes later. */
  lose(error: string): void;
  stats(): StoreStats;
}

type Settled = Omit<Extract<PersisterReport, { kind: 'settled' }>, 'kind' | 'memory'>;

/** The counts of the queue, and whether there is room in it. */
interface QueueCounts {
  /** How full the queue would be with so many bytes more, 0 to 1 and above. */
  fillWith(bytes: number): number;
  addEvent(record: EventRecord): void;
  dropEvent(): void;
  /** False: too many wait already, and these are lost. */
  admitDecisions(count: number): boolean;
  settle(report: Settled): void;
  settleAll(): void;
  log(lines: number, linesLost: number): void;
  noteRemote(counts: RemoteCounts): void;
  fail(error: string | null): void;
  stats(): StoreStats;
}

interface Gathered {
  readonly sightings: StoreBatch['sightings'][number][];
  readonly blocks: StoreBatch['blocks'][number][];
  readonly calls: StoreBatch['calls'][number][];
  readonly endedBlocks: StoreBatch['endedBlocks'][number][];
  readonly jobRuns: StoreBatch['jobRuns'][number][];
  thinned?: readonly ThinnedSource[];
}

/**
 * Gathers what is written for a moment or up to a full batch, so that the persister commits few
 * large transactions. While it fills, events are thinned, for they are samples: what is not kept is
 * counted by source, and those counts are stored. Decisions have a bound of their own.
 */
export function createQueue(
  onNotice: (text: string) => void,
  onRenewed: () => void = () => undefined,
): Queue {
  const counts = createQueueCounts();
  const packer = createPacker();
  let gathered = emptyGathered();
  let timer: NodeJS.Timeout | null = null;
  let sink: Pick<Persister, 'accept'> | null = null;

  const sendGathered = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (packer.count() === 0 && countDecisions(gathered) === 0) return;
    const batch: PackedBatch = { ...gathered, events: packer.take() };
    gathered = emptyGathered();
    if (sink !== null) sink.accept(batch);
    else counts.settleAll();
  };

  const sendThinned = (): void => {
    const thinned = samples.takeCounts();
    // A few thousand rows at most: without room for them nothing else has room.
    if (thinned.length > 0 && counts.admitDecisions(thinned.length)) gathered.thinned = thinned;
    sendGathered();
  };

  const samples = createSamples(counts, sendThinned);

  const take = (record: EventRecord): void => {
    if (!samples.admit(record)) return;
    packer.add(record);
    if (packer.count() >= LIMITS.storeBatchEventsMax) sendGathered();
  };

  const sendLater = (): void => {
    timer ??= setTimeout(sendGathered, LIMITS.storeGatherMsMax);
  };

  return {
    feed: (persister) => {
      sink = persister;
    },
    write: (batch) => {
      if (counts.admitDecisions(countDecisions(batch))) gatherDecisions(gathered, batch);
      for (const record of batch.events) take(record);
      sendLater();
    },
    keep: (record) => {
      take(record);
      sendLater();
    },
    send: () => {
      sendThinned();
      sendGathered();
    },
    note: noteTo(counts, packer, onNotice, onRenewed),
    lose: (error) => {
      sink = null;
      packer.take();
      gathered = emptyGathered();
      counts.fail(error);
      counts.settleAll();
    },
    stats: () => counts.stats(),
  };
}

/** Counts each event as one that is kept or not; `onCounts` when there are counts to be taken. */
function createSamples(counts: QueueCounts, onCounts: () => void) {
  const thinner = createThinner();
  let timer: NodeJS.Timeout | null = null;
  return {
    admit: (record: EventRecord): boolean => {
      const kept = thinner.admit(record, counts.fillWith(record.raw.length));
      if (kept) counts.addEvent(record);
      else {
        counts.dropEvent();
        timer ??= setTimeout(onCounts, LIMITS.thinnedGatherMs);
      }
      return kept;
    },
    takeCounts: (): readonly ThinnedSource[] => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      return thinner.take();
    },
  };
}

function noteTo(
  counts: QueueCounts,
  packer: Pick<Packer, 'reuse'>,
  onNotice: (text: string) => void,
  onRenewed: () => void,
): Queue['note'] {
  return (report) => {
    switch (report.kind) {
      case 'settled':
        counts.settle(report);
        if (report.memory !== null) packer.reuse(report.memory);
        break;
      case 'logged':
        counts.log(report.jsonLines, report.linesLost);
        break;
      case 'health':
        counts.fail(report.error);
        break;
      case 'remote':
        counts.noteRemote(report.counts);
        break;
      case 'renewed':
        onRenewed();
        break;
      case 'notice':
        onNotice(report.text);
    }
  };
}

function createQueueCounts(): QueueCounts {
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
    fillWith: (bytes) => {
      const bytesMax = LIMITS.storeQueuedBytesMax;
      const byBytes = queuedBytes + bytes > bytesMax ? 1 : queuedBytes / bytesMax;
      return Math.max(counts.queued / LIMITS.storeQueuedEventsMax, byBytes);
    },
    addEvent: ({ raw }) => {
      counts.queued += 1;
      queuedBytes += raw.length;
    },
    dropEvent: () => {
      counts.dropped += 1;
    },
    admitDecisions: (count) => {
      // A batch that is larger by itself, as when a list of blocks ends at once, is in memory anyway.
      const admitted = counts.decisionsQueued < LIMITS.storeQueuedDecisionsMax;
      counts[admitted ? 'decisionsQueued' : 'decisionsLost'] += count;
      return admitted;
    },
    settle,
    settleAll: () => {
      const { queued: events, decisionsQueued: decisions } = counts;
      settle({ events, decisions, bytes: queuedBytes, committed: false });
    },
    log: (lines, linesLost) => {
      counts.jsonLines += lines;
      counts.logLinesLost += linesLost;
    },
    noteRemote: (remote) => {
      counts.remote = remote;
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
    remote: {},
  };
}

const emptyGathered = (): Gathered => ({
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
