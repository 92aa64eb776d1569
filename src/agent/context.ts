import { setImmediate } from 'node:timers/promises';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { LoadedSettings } from '../config/load.js';
import { createBlockTable } from '../core/block/block-table.js';
import { createBlockState } from '../core/block/decide.js';
import { createDetectState, compileRules } from '../core/detect/detect.js';
import type { RuleSet } from '../core/detect/detect.js';
import type { Block } from '../core/model/block.js';
import { AgentError } from '../core/common/errors.js';
import type { Rule } from '../core/model/rule.js';
import { createCounts } from '../core/counts.js';
import { type AgentState } from '../core/step.js';
import { createAnswerState } from '../core/trap/answer.js';
import { createPbxState } from '../core/pbx/state.js';
import { createRetransmissions } from '../core/trap/retransmission.js';
import type { ChosenFirewall } from '../firewall/select.js';
import { takeLock } from '../store/database/lock.js';
import { openStore } from '../store/open.js';
import type { Store, StoreOptions } from '../store/types.js';
import { openReader, type Reader } from '../store/read/reader.js';
import { loadAllRules } from './all-rules.js';
import { createClock } from './clock.js';
import { createClosers, type Closers } from './closers.js';
import { toCoreSettings } from './core-settings.js';
import { markRunning } from './firewall/after-crash.js';
import { createDiscovery } from './peers/discover-peers.js';
import { chooseFor, keeperFor, ownerFor } from './firewall/open-keeper.js';
import { createPeerBook } from './peers/protected-peers.js';
import { resolveName } from './peers/resolve-name.js';
import { makeFolders } from './state/folders.js';
import type { OwnLog } from './log/own-log.js';
import { PACKAGE_ROOT, VERSION } from './package.js';
import { fillRenewedDatabase } from './state/refill-database.js';
import { createBlockJournal } from '../api/lists/block-journal.js';
import { LIMITS } from '../core/common/limits.js';
import { createMeter } from './meter.js';
import { loadInstanceId, loadSecret } from './state/secret.js';
import { openOwnLog, remoteOptions } from './log/remote-log.js';
import { takePeers } from './peers/renew-peers.js';
import type { AgentContext } from './agent-context.js';

/**
 * Takes the agent's lock, opens the database and brings blocks back to memory; `restoreMemory` brings
 * the rest. Rejects with an AgentError, and then nothing stays open. The caller closes `closers`.
 * `runs`: it is an agent, which is to see packets, and whose words go to a syslog server and the
 * journal, too; a command sees none and has no rule compiled.
 */
export async function openContext(
  loaded: LoadedSettings,
  print: (text: string) => void,
  runs: boolean,
): Promise<AgentContext> {
  const { settings } = loaded;
  const nowUs = createClock();
  await makeFolders(settings);
  const choosing = beginChoosing(loaded);
  const rules = await loadAllRules(settings.rulesDir);
  const { log, remoteLog } = openOwnLog(settings, { nowUs, print, forwards: runs });
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
    const options = { ...storeOptions(loaded, log), waits: runs, instanceId, ...told };
    const [store, compiled] = await openBoth(closers, options, runs ? rules : []);
    const endedAtOpening = await store.expireBlocks(nowUs()).catch(noneWhere(runs));
    const reader = await openReader(databaseFile, homeCountry, store.mend, runs);
    closers.add('reader', reader.close);
    const chosen = await choosing;
    const state = await restoreBlocks({ loaded, compiled, secret, store, reader, nowUs }, chosen);
    const peers = createPeerBook(createDiscovery(process.env), resolveName, log.say);
    const base = {
      ...emptyBooks(),
      loaded,
      startedWith: settings,
      endedAtOpening,
      rules,
      faults: { configuration: null, rules: null },
      state,
      store,
      reader,
      owner: ownerFor(loaded),
      peers,
      tokens: await reader.tokens(),
      crashed,
      broken,
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

/** What a start puts in place later, and what begins with nothing counted. */
const emptyBooks = () => ({
  confirmUntilUs: null,
  movedFrom: null,
  certificate: null,
  api: null,
  alerts: null,
  crowdsec: null,
  sensors: null,
  hepOut: null,
  meter: createMeter(),
  journal: createBlockJournal(LIMITS.blockJournalMax),
});
/** The runner puts these in place. */
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
  readonly compiled: RuleSet;
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
  const { loaded, compiled, secret, store, reader, nowUs } = from;
  const seed = randomInt(2 ** 30);
  const settings = toCoreSettings(loaded.settings, { secret, seed, observing: !enforcing });
  const active = await reader.activeBlocks(nowUs());
  return {
    settings,
    rules: compiled,
    detect: createDetectState({}, secret.readInt32LE(0)),
    retransmissions: createRetransmissions(secret.readInt32LE(4)),
    answers: createAnswerState(),
    pbx: createPbxState(),
    blocks: createBlockState({
      table: createBlockTable(active),
      nextBlockId: store.nextBlockId,
    }),
    nextEventId: store.nextEventId,
    counts: createCounts(),
  };
}

/** nft answers in another process while this one does all that does not hang on it. */
function beginChoosing(loaded: LoadedSettings): Promise<ChosenFirewall> {
  const choosing = chooseFor(loaded);
  // It is awaited later, or never where something else fails first.
  choosing.catch(() => undefined);
  return choosing;
}

/** The store comes up in a thread of its own while the rules are compiled in this one. */
async function openBoth(
  closers: Closers,
  options: StoreOptions,
  rules: readonly Rule[],
): Promise<[Store, RuleSet]> {
  const opening = openStore(options);
  const compiling = setImmediate().then(() => compileRules(rules));
  await Promise.allSettled([opening, compiling]);
  const store = await opening;
  closers.add('store', store.close);
  return [store, await compiling];
}
