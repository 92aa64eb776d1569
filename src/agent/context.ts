import { setImmediate } from 'node:timers/promises';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { LoadedSettings } from '../config/load.js';
import { createBlockTable } from '../core/block/block-table.js';
import { createBlockState } from '../core/block/decide.js';
import { createDetectState, compileRules } from '../core/detect/detect.js';
import type { RuleSet } from '../core/detect/detect.js';
import type { Block } from '../core/model/block.js';
import { AgentError } from '../core/model/errors.js';
import type { Rule } from '../core/model/rule.js';
import { createCounts } from '../core/counts.js';
import { type AgentState } from '../core/step.js';
import { createAnswerState } from '../core/trap/answer.js';
import { createRetransmissions } from '../core/trap/retransmission.js';
import { takeLock } from '../store/lock.js';
import { openStore } from '../store/open.js';
import type { Store, StoreOptions } from '../store/types.js';
import { openReader, type Reader } from '../store/reader.js';
import { loadAllRules } from './all-rules.js';
import { createClock } from './clock.js';
import { createClosers } from './closers.js';
import { toCoreSettings } from './core-settings.js';
import { markRunning } from './after-crash.js';
import { createDiscovery } from './discover-peers.js';
import { chooseFor, keeperFor, ownerFor } from './open-keeper.js';
import { createPeerBook } from './protected-peers.js';
import { resolveName } from './resolve-name.js';
import { makeFolders } from './folders.js';
import type { OwnLog } from './own-log.js';
import { PACKAGE_ROOT, VERSION } from './package.js';
import { fillRenewedDatabase } from './renewed-database.js';
import { loadInstanceId, loadSecret } from './secret.js';
import { openOwnLog, remoteOptions } from './remote-log.js';
import { takePeers } from './take-peers.js';
import type { AgentContext } from './agent-context.js';

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
    const { databaseFile, homeCountry } = settings;
    const secret = await loadSecret(databaseFile, log.say);
    const instanceId = await loadInstanceId(databaseFile, log.say);
    const { broken, told, knows } = watchStore();
    // What a command changes must be on the disk when it answers; an agent is there to protect.
    const waits = forwards;
    const store = await openStore({ ...storeOptions(loaded, log), waits, instanceId, ...told });
    closers.add('store', store.close);
    const endedAtOpening = await store.expireBlocks(nowUs()).catch(noneWhere(waits));
    const reader = await openReader(databaseFile, homeCountry, store.mend, waits);
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
      crashed,
      broken,
      confirmUntilUs: null,
      certificate: null,
    };
    const around = { ...base, log, remoteLog, lock, closers, nowUs, ...UNSET };
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

const UNSET = { adopt: () => undefined, standBack: () => undefined };

/** Those that wait for their database are not ended in it: the job does it later. */
const noneWhere =
  (waits: boolean) =>
  (error: unknown): readonly Block[] => {
    if (!waits || !(error instanceof AgentError) || error.code !== 'STATE_UNWRITABLE') throw error;
    return [];
  };

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
