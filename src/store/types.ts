import type { AgentError } from '../core/common/errors.js';
import type { Block } from '../core/model/block.js';
import type { CallRecord } from '../core/model/call.js';
import type { EventRecord } from '../core/model/event.js';
import type { OutboxEntry } from '../core/model/notice.js';
import type { Sighting } from '../core/model/sighting.js';
import type { TokenScope } from '../core/model/token-scope.js';
import type { JsonFormatName } from '../core/model/log-format.js';
import type { FileIdentity } from './database/files.js';
import type { RemoteCounts, RemoteOptions } from './logs/remote/remote-logs.js';
import type { Rotation } from './logs/rotate.js';
import type { ThinnedSource } from './write/thinning.js';

/** How a block came to its end: by its time, by hand, or by another block in its place. */
export type BlockEnd = 'expired' | 'removed' | 'replaced';

export interface EndedBlock {
  readonly id: number;
  readonly endedAtUs: number;
  readonly how: BlockEnd;
}

/** One run of a scheduled job. `detail` is a sentence for a person. */
export interface JobRun {
  readonly name: string;
  readonly startedAtUs: number;
  readonly finishedAtUs: number;
  readonly result: 'ok' | 'failed';
  readonly detail: string;
}

/** What is written together. A block whose id is stored already replaces what is stored. */
export interface StoreBatch {
  readonly events: readonly EventRecord[];
  readonly sightings: readonly Sighting[];
  readonly blocks: readonly Block[];
  /** A call that is stored already is replaced: it is written when it begins and when it ends. */
  readonly calls: readonly CallRecord[];
  readonly endedBlocks: readonly EndedBlock[];
  readonly jobRuns: readonly JobRun[];
  /** Added by the queue: what it counted and did not keep. */
  readonly thinned?: readonly ThinnedSource[];
}

/** Rows of a batch that are not events: sightings, blocks, calls, ends, job runs and counts. */
export function countDecisions(batch: Omit<StoreBatch, 'events'>): number {
  const { sightings, blocks, calls, endedBlocks, jobRuns, thinned = [] } = batch;
  const kinds = [sightings, blocks, calls, endedBlocks, jobRuns, thinned];
  return kinds.reduce((sum, rows) => sum + rows.length, 0);
}

/** A block with its end; both null while it is in force. */
export interface StoredBlock extends Block {
  readonly endedAtUs: number | null;
  readonly endHow: BlockEnd | null;
  /** As of the last full comparison with the firewall. */
  readonly packetsDropped: number;
}

/** How many packets a block has dropped in all. */
export interface BlockDrops {
  readonly id: number;
  readonly packets: number;
}

/** A peer that was protected by a command. */
export interface StoredPeer {
  /** Canonical CIDR text, or a host name. */
  readonly name: string;
  readonly addedAtUs: number;
  readonly note: string;
}

/** A token of the HTTP API; itself it is nowhere, only its hash. */
export interface StoredToken {
  readonly name: string;
  readonly scope: TokenScope;
  /** SHA-256 of the token's text, in hexadecimal digits. */
  readonly hash: string;
  readonly createdAtUs: number;
  /** null: never. */
  readonly expiresAtUs: number | null;
}

export interface StoreOptions {
  readonly databaseFile: string;
  /** A disk that takes nothing keeps it from nothing: what comes waits in memory until it does. */
  readonly waits?: boolean;
  /** One JSON object a line; null writes none. */
  readonly jsonLogFile: string | null;
  /** One line for a person an event (formatEventLine); null or absent writes none. */
  readonly logFile?: string | null;
  /** Lists of passwords, one a line, by which guesses are named. */
  readonly passwordFiles?: readonly string[];
  /** Database of countries (mmdb); null or absent: countries are not counted. */
  readonly countryFile?: string | null;
  /** ISO code of the country whose national numbers are dialled here; null or absent: none. */
  readonly homeCountry?: string | null;
  readonly jsonLogFormat?: JsonFormatName;
  /** Absent: logs grow without a bound. */
  readonly rotation?: Rotation;
  /** A syslog server and the journal; null or absent: events go to files alone. */
  readonly remote?: RemoteOptions | null;
  /** Written as `created_by_node_id` and `app_version` into the JSON log. */
  readonly instanceId?: string;
  readonly appVersion?: string;
  /** true: a worker thread owns the database, so that the caller's thread never pays for it. */
  readonly inWorker: boolean;
  /** Told once when writing fails and once when it works again, in a sentence. */
  readonly onNotice: (text: string) => void;
  /** Told when another file is written than before: it may lack what only memory has. */
  readonly onRenewed?: () => void;
  /** Told when the thread that writes has ended by itself: nothing is stored from then on. */
  readonly onGone?: (error: AgentError) => void;
}

/** Counts since the start. Events and decisions (all other rows) are counted apart. */
export interface StoreStats {
  /** Events that wait to be committed. */
  readonly queued: number;
  readonly committed: number;
  /** Events that the filling queue counted by source and did not keep; they are in no log either. */
  readonly dropped: number;
  /** Events that were given up because the database refused them. */
  readonly failed: number;
  readonly decisionsQueued: number;
  readonly decisionsCommitted: number;
  /** Decisions dropped by the full queue or refused by the database. */
  readonly decisionsLost: number;
  /** Why writing fails right now; null while it works. */
  readonly lastError: string | null;
  readonly jsonLines: number;
  /** Lines of the JSON log and of the log for people that could not be written. */
  readonly logLinesLost: number;
  /** Lines of events on their way to a syslog server and the journal. */
  readonly remote: RemoteCounts;
}

/** Nulls and zeros are no bound. */
export interface PruneOptions {
  /** What is before these moments goes; blocks by their end, numbers by their last call. */
  readonly beforeUs: {
    /** Events, counts of thinned ones, job runs, and sources by when they were heard last. */
    readonly events: number | null;
    /** The bytes of messages. */
    readonly raw: number | null;
    readonly sightings: number | null;
    readonly blocks: number | null;
    readonly numbers: number | null;
  };
  /** Rows that stay; blocks in force do not count. */
  readonly rowsMax: {
    readonly events: number;
    readonly sightings: number;
    readonly blocks: number;
  };
  /** The oldest go until the used pages take at most this much. */
  readonly databaseBytesMax: number | null;
}

export interface PruneCounts {
  readonly events: number;
  /** Events that lost their bytes. */
  readonly raw: number;
  readonly sightings: number;
  readonly blocks: number;
  readonly numbers: number;
  readonly jobRuns: number;
}

export interface VacuumCounts {
  /** Pages given back to the file system, and free pages that are still in the file. */
  readonly pagesFreed: number;
  readonly pagesFree: number;
}

/** Logs that were set aside, and old ones that were deleted. */
export interface ArchiveCounts {
  readonly rotated: number;
  readonly deleted: number;
}

/** What can be asked of the one writer; every call runs where the database is. */
export interface Maintenance {
  /** Ends every block whose time is over, and returns them. */
  readonly expireBlocks: (nowUs: number) => Promise<readonly StoredBlock[]>;
  readonly recordDrops: (drops: readonly BlockDrops[]) => Promise<void>;
  readonly protectPeer: (peer: StoredPeer) => Promise<void>;
  /** Resolves to false when there was none of this name. */
  readonly unprotectPeer: (name: string) => Promise<boolean>;
  /** Resolves to false when there is one of this name already. */
  readonly addToken: (token: StoredToken) => Promise<boolean>;
  /** Resolves to false when there was none of this name. */
  readonly removeToken: (name: string) => Promise<boolean>;
  /** Keeps entries as they are now; of those that have ended the newest stay. */
  readonly keepOutbox: (entries: readonly OutboxEntry[]) => Promise<void>;
  readonly prune: (options: PruneOptions) => Promise<PruneCounts>;
  /** Gives at most `pages` free pages back, in small steps. */
  readonly vacuum: (pages: number) => Promise<VacuumCounts>;
  /** Sums up what is rare in the statistics of days that are over; resolves to the rows saved. */
  readonly rollUp: (nowUs: number) => Promise<number>;
  /** Renews what SQLite plans its queries by. */
  readonly analyze: () => Promise<void>;
  /** Sets the log files aside and begins new ones; resolves when the old ones are compressed. */
  readonly archiveLogs: () => Promise<ArchiveCounts>;
  /** Sets the database aside that bears this identity, in which a reader has met damage. Never rejects. */
  readonly mend: (identity: FileIdentity) => Promise<void>;
  /** Opens the log files anew, after a program like logrotate moved them. */
  readonly reopenLog: () => Promise<void>;
}

export interface Store extends Maintenance {
  /** First free numbers at the start; the caller counts on from there. */
  readonly nextEventId: number;
  readonly nextBlockId: number;
  /** Takes a batch; never throws and never waits. What is over the bound is counted. */
  readonly write: (batch: StoreBatch) => void;
  /** As write() of this event alone; its bytes are copied. */
  readonly keep: (record: EventRecord) => void;
  /**
   * Resolves when all that was written before is committed and logged; rejects with an AgentError
   * when the database takes nothing at present.
   */
  readonly flush: () => Promise<void>;
  readonly stats: () => StoreStats;
  /** Writes what is left, moves the WAL into the database, and closes. Never rejects. */
  readonly close: () => Promise<void>;
}
