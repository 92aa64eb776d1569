import type { JsonFormatName } from '../../core/model/log-format.js';
import type { LogOrigin } from '../logs/event-lines.js';
import type { PackedEvents, PackMemory } from './pack.js';
import type { RemoteCounts, RemoteOptions } from '../logs/remote/remote-logs.js';
import type { Rotation } from '../logs/rotate.js';
import type { Maintenance, StoreBatch } from '../types.js';

export interface PersisterOptions extends LogOrigin {
  readonly databaseFile: string;
  readonly jsonLogFile: string | null;
  readonly logFile: string | null;
  /** Lists of passwords by which guesses are named; one that is not there is no list. */
  readonly passwordFiles: readonly string[];
  readonly jsonLogFormat: JsonFormatName;
  readonly rotation: Rotation;
  /** Database of countries (mmdb); null: countries are not counted. */
  readonly countryFile: string | null;
  /** ISO code of the country whose national numbers are dialled here; null: none is assumed. */
  readonly homeCountry: string | null;
  /** A disk that takes nothing keeps nobody from starting: what comes waits for room. */
  readonly waits: boolean;
  /** Null: events go to files alone. */
  readonly remote: RemoteOptions | null;
}

/** What the persister tells the one who feeds it. */
export type PersisterReport =
  | {
      /** A batch has left the queue: its rows are committed, or given up. */
      readonly kind: 'settled';
      readonly events: number;
      readonly bytes: number;
      readonly decisions: number;
      readonly committed: boolean;
      /** What the events were packed in, to be used again; null: none, or it is still looked at. */
      readonly memory: PackMemory | null;
    }
  | { readonly kind: 'logged'; readonly jsonLines: number; readonly linesLost: number }
  /** Writing fails (a reason) or works again (null). */
  | { readonly kind: 'health'; readonly error: string | null }
  /** How events fare on their way to a syslog server and the journal, since the start. */
  | { readonly kind: 'remote'; readonly counts: RemoteCounts }
  /** Another file is written than before: it may lack what only memory has. */
  | { readonly kind: 'renewed' }
  | { readonly kind: 'notice'; readonly text: string };

/** A batch as the queue hands it over. */
export interface PackedBatch extends Omit<StoreBatch, 'events'> {
  readonly events: PackedEvents;
}

/** The one writer: owns the database connection and the event logs. */
export interface Persister extends Maintenance {
  readonly nextEventId: number;
  readonly nextBlockId: number;
  accept(batch: PackedBatch): void;
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The writer where it is, in this thread. */
export interface LocalPersister extends Persister {
  /** Resolves when the next batch had better be given; until then it waits cheaper outside. */
  room(): Promise<void>;
}
