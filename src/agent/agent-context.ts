import type { BlockJournal } from '../api/lists/block-journal.js';
import type { SensorView } from '../api/views.js';
import type { LoadedSettings } from '../config/load.js';
import type { Block } from '../core/model/block.js';
import type { Packet } from '../core/model/transport.js';
import type { CallRecord } from '../core/model/call.js';
import type { NoticeKind } from '../core/model/notice.js';
import type { Sighting } from '../core/model/sighting.js';
import type { AgentError } from '../core/common/errors.js';
import type { Rule } from '../core/model/rule.js';
import type { AgentState } from '../core/step.js';
import type { ActualBlock, FirewallOwner } from '../firewall/port.js';
import type { TargetCounts } from '../outbox/outbox.js';
import type { Lock } from '../store/database/lock.js';
import type { Reader } from '../store/read/reader.js';
import type { RemoteStats } from '../store/logs/remote/sender.js';
import type { RemoteLogs } from '../store/logs/remote/remote-logs.js';
import type { Store, StoredToken } from '../store/types.js';
import type { CertificateKeeper } from './certificate/certificate.js';
import type { Closers } from './closers.js';
import type { FirewallKeeper } from './firewall/keeper.js';
import type { Meter } from './meter.js';
import type { OwnLog } from './log/own-log.js';
import type { PeerBook } from './peers/protected-peers.js';

/** The API's TCP door of a running agent. */
export interface ApiKeeper {
  /** Takes other settings over, or the certificate anew; what fails leaves the door as it is. */
  readonly follow: () => Promise<void>;
  /** Where it listens, as `http://127.0.0.1:8080`; null: it does not. */
  readonly url: () => string | null;
  readonly close: () => Promise<void>;
}

/** Tells people what happens, by the targets of [alerts]. */
export interface AlertKeeper {
  readonly sighting: (sighting: Sighting) => void;
  readonly block: (block: Block) => void;
  readonly call: (call: CallRecord) => void;
  /** An event that a rule named an attack on. */
  readonly attack: () => void;
  readonly happened: (kind: NoticeKind, line: string) => void;
  /** Takes other settings over. */
  readonly follow: () => Promise<void>;
  readonly counts: () => readonly TargetCounts[];
  readonly close: () => Promise<void>;
}

/** Blocks that go to CrowdSec's local API, for as long as the settings name one. */
export interface PusherKeeper {
  /** Takes other settings over. */
  readonly follow: () => void;
  readonly close: () => void;
}

/** Sensors beside a PBX, for as long as the settings ask for them. */
export interface SensorKeeper {
  /** Takes other settings over. */
  readonly follow: () => Promise<void>;
  readonly status: () => readonly SensorView[];
  readonly close: () => Promise<void>;
}

/** Tells a HEP server what the trap hears and says, for as long as the settings name one. */
export interface HepOutKeeper {
  /** Takes other settings over. */
  readonly follow: () => Promise<void>;
  /** Takes a packet and the answers to it, and returns at once. */
  readonly tell: (packet: Packet, answers: readonly Buffer[]) => void;
  /** Null: there is no such server. */
  readonly status: () => (RemoteStats & { readonly target: string }) | null;
  readonly close: () => Promise<void>;
}

/** Everything that the running agent and the offline client have in common. */
export interface AgentContext {
  loaded: LoadedSettings;
  /** The settings of the start: sockets keep to them whatever is taken over later. */
  readonly startedWith: LoadedSettings['settings'];
  /** The port that is configured for the trap, where a PBX has it; null: the trap has it. */
  movedFrom: number | null;
  rules: readonly Rule[];
  /** What is wrong with the files on the disk while older settings or rules are in force. */
  readonly faults: { configuration: string | null; rules: string | null };
  readonly state: AgentState;
  readonly store: Store;
  readonly reader: Reader;
  keeper: FirewallKeeper;
  /** Null while no transport needs one, and offline. */
  certificate: CertificateKeeper | null;
  /** Null until it is there, and offline. */
  api: ApiKeeper | null;
  /** Null until they are there, and offline. */
  alerts: AlertKeeper | null;
  /** Null until it is there, and offline. */
  crowdsec: PusherKeeper | null;
  /** Null until they are there, and offline. */
  sensors: SensorKeeper | null;
  /** Null until it is there, and offline. */
  hepOut: HepOutKeeper | null;
  readonly owner: FirewallOwner;
  readonly peers: PeerBook;
  /** Who the HTTP API lets in; in memory, so that a request asks no database. */
  tokens: readonly StoredToken[];
  readonly meter: Meter;
  readonly journal: BlockJournal;
  /** Makes blocks of what was found in the firewall alone; the runner puts it in place. */
  adopt: (found: readonly ActualBlock[]) => void;
  /** Turns blocks in force into simulated ones; put in place by the runner too. */
  standBack: () => void;
  /** Blocks whose time had come when the database was opened; an agent's start writes all anew. */
  endedAtOpening: readonly Block[];
  /** The agent before with this database did not stop in order. */
  readonly crashed: boolean;
  /** When an enforcing start on trial ends unless it is confirmed; null: it is no trial. */
  confirmUntilUs: number | null;
  readonly log: OwnLog;
  /** Null where nothing of it goes further than the log for people. */
  readonly remoteLog: RemoteLogs | null;
  readonly lock: Lock;
  /** Rejects never, resolves when the agent cannot go on: nothing is stored any more. */
  readonly broken: Promise<AgentError>;
  readonly closers: Closers;
  readonly nowUs: () => number;
}
