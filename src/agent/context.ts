import { setImmediate } from 'node:timers/promises';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { LoadedSettings } from '../config/load.js';
import { createBlockTable } from '../core/block/block-table.js';
import { createBlockState } from '../core/block/decide.js';
import { createDetectState, compileRules } from '../core/detect/detect.js';
import type { RuleSet } from '../core/detect/detect.js';
import type { Block } from '../core/model/block.js';
import type { AgentError } from '../core/model/errors.js';
import type { Rule } from '../core/model/rule.js';
import { createCounts } from '../core/counts.js';
import { type AgentState } from '../core/step.js';
import { createAnswerState } from '../core/trap/answer.js';
import { createRetransmissions } from '../core/trap/retransmission.js';
import type { ActualBlock, FirewallOwner } from '../firewall/port.js';
import { takeLock, type Lock } from '../store/lock.js';
import type { RemoteLogs } from '../store/remote/remote-logs.js';
import { openStore } from '../store/open.js';
import type { Store, StoredToken, StoreOptions } from '../store/types.js';
import { openReader, type Reader } from '../store/reader.js';
import { loadAllRules } from './all-rules.js';
import type { ApiKeeper } from './api-door.js';
import type { CertificateKeeper } from './certificate.js';
import { createClock } from './clock.js';
import { createClosers, type Closers } from './closers.js';
import { toCoreSettings } from './core-settings.js';
import { markRunning } from './after-crash.js';
import { createDiscovery } from './discover-peers.js';
import type { FirewallKeeper } from './firewall-keeper.js';
import { chooseFor, keeperFor, ownerFor } from './open-keeper.js';
import { createPeerBook, type PeerBook } from './protected-peers.js';
import { resolveName } from './resolve-name.js';
import { makeFolders } from './folders.js';
import type { OwnLog } from './own-log.js';
import { PACKAGE_ROOT, VERSION } from './package.js';
import { fillRenewedDatabase } from './renewed-database.js';
import { createMeter, type Meter } from './meter.js';
import { loadInstanceId, loadSecret } from './secret.js';
import { openOwnLog, remoteOptions } from './remote-log.js';
import { takePeers } from './take-peers.js';

/** Everything that the running agent and the offline client have in common. */
export interface AgentContext {
  loaded: LoadedSettings;
  /** The settings of the start: sockets keep to them whatever is taken over later. */
  readonly startedWith: LoadedSettings['settings'];
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
  readonly owner: FirewallOwner;
  readonly peers: PeerBook;
  /** Who the HTTP API lets in; in memory, so that a request asks no database. */
  tokens: readonly StoredToken[];
  readonly meter: Meter;
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

/**
 * Takes the agent's lock, opens the database and brings blocks back to memory; `restoreMemory` brings
 * the rest. Rejects with an AgentError, and then nothing stays open. The caller closes `closers`.
 * `forwards`: what is said goes to a syslog server and the journal, too; a command's words do not.
 */
export async function openContext(
  loaded: LoadedSettings,
  print: (text: string) => void,
  forwards: boolean,
): Promise<AgentContext> {
  const { settings } = loaded;
  const nowUs = createClock();
  await makeFolders(settings);
  // Side by side: nft answers in another process while the rules are checked in this one.
  const [rules, chosen] = await Promise.all([loadAllRules(settings.rulesDir), chooseFor(loaded)]);
  const { log, remoteLog } = openOwnLog(settings, { nowUs, print, forwards });
  const closers = createClosers(log.say);
  closers.add('log', log.close);
  closers.add('remote log', async () => remoteLog?.close());
  try {
    const lock = await takeLock(settings.databaseFile);
    closers.add('lock', lock.release);
    const { crashed, unmark } = await markRunning(settings.databaseFile);
    closers.add('running mark', unmark);
    const secret = await loadSecret(settings.databaseFile);
    const instanceId = await loadInstanceId(settings.databaseFile);
    const { broken, told, knows } = watchStore();
    const store = await openStore({ ...storeOptions(loaded, log), instanceId, ...told });
    closers.add('store', store.close);
    const endedAtOpening = await store.expireBlocks(nowUs());
    const reader = await openReader(settings.databaseFile, settings.homeCountry, store.mend);
    closers.add('reader', reader.close);
    const state = await restoreBlocks({ loaded, rules, secret, store, reader, nowUs }, chosen);
    const peers = createPeerBook(createDiscovery(process.env), resolveName, log.say);
    const owner = ownerFor(loaded);
    const base = {
      loaded,
      startedWith: settings,
      endedAtOpening,
      rules,
      faults: { configuration: null, rules: null },
      state,
      store,
      reader,
      owner,
      peers,
      tokens: await reader.tokens(),
      meter: createMeter(),
      crashed,
      broken,
      ...NOT_YET,
    };
    const unset = { adopt: () => undefined, standBack: () => undefined };
    const around = { ...base, log, remoteLog, lock, closers, nowUs, ...unset };
    const opened = Object.assign(around, {
      keeper: keeperFor(around, chosen, await reader.activeDrops(nowUs())),
    });
    closers.add('firewall', () => opened.keeper.close());
    await takePeers(opened);
    knows(opened);
    return opened;
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** What a start puts in place later. */
const NOT_YET = { confirmUntilUs: null, certificate: null, api: null };

function watchStore() {
  let onGone: (error: AgentError) => void = () => undefined;
  const broken = new Promise<AgentError>((resolve) => {
    onGone = resolve;
  });
  let opened: AgentContext | null = null;
  const onRenewed = (): void => {
    if (opened !== null) void fillRenewedDatabase(opened);
  };
  return {
    broken,
    told: { onGone, onRenewed },
    /** Before it is known, nothing is in memory that the database has not. */
    knows: (context: AgentContext): void => {
      opened = context;
    },
  };
}

/** The list that is shipped stands beside the built-in rules, the operator's beside his own. */
const passwordFilesOf = (rulesDir: string): readonly string[] =>
  [join(PACKAGE_ROOT, 'rules'), rulesDir].map((folder) => join(folder, 'passwords.txt'));

const storeOptions = ({ settings }: LoadedSettings, log: OwnLog): StoreOptions => ({
  databaseFile: settings.databaseFile,
  jsonLogFile: settings.jsonLogFile,
  logFile: settings.logFile,
  jsonLogFormat: settings.jsonLogFormat,
  rotation: {
    bytesMax: settings.logBytesMax,
    keep: settings.logsMax,
    maxAgeS: settings.logMaxAgeS,
  },
  appVersion: VERSION,
  passwordFiles: passwordFilesOf(settings.rulesDir),
  countryFile: settings.geoipCountryFile,
  homeCountry: settings.homeCountry,
  remote: remoteOptions(settings),
  inWorker: true,
  onNotice: log.say,
});

interface RestoreSources {
  readonly loaded: LoadedSettings;
  readonly rules: readonly Rule[];
  readonly secret: Buffer;
  readonly store: Store;
  readonly reader: Reader;
  readonly nowUs: () => number;
}

/** The state with its blocks, which go into the firewall before all else is restored. */
async function restoreBlocks(
  from: RestoreSources,
  { enforcing }: { readonly enforcing: boolean },
): Promise<AgentState> {
  const { loaded, rules, secret, store, reader, nowUs } = from;
  const seed = randomInt(2 ** 30);
  const settings = toCoreSettings(loaded.settings, { secret, seed, observing: !enforcing });
  // Side by side: SQLite reads in a thread of its own while the rules are compiled in this one.
  const reading = reader.activeBlocks(nowUs());
  const [active, compiled] = await Promise.all([reading, compileLater(rules)]);
  return {
    settings,
    rules: compiled,
    detect: createDetectState({}, secret.readInt32LE(0)),
    retransmissions: createRetransmissions(secret.readInt32LE(4)),
    answers: createAnswerState(),
    blocks: createBlockState({
      table: createBlockTable(active),
      nextBlockId: store.nextBlockId,
    }),
    nextEventId: store.nextEventId,
    counts: createCounts(),
  };
}

/** Compiles once what was begun before is under way. */
const compileLater = async (rules: readonly Rule[]): Promise<RuleSet> => {
  await setImmediate();
  return compileRules(rules);
};
