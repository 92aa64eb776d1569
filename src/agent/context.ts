import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { LoadedSettings } from '../config/load.js';
import { createBlockTable } from '../core/block/block-table.js';
import { createBreaker } from '../core/block/breaker.js';
import { targetOf } from '../core/block/decide.js';
import { createProtectTable } from '../core/block/protect.js';
import { createReturns } from '../core/block/returns.js';
import { createDetectState, compileRules, restoreScore } from '../core/detect/detect.js';
import type { Rule } from '../core/model/rule.js';
import { createCounts } from '../core/counts.js';
import { type AgentState } from '../core/step.js';
import { createAnswerState } from '../core/trap/answer.js';
import { createRetransmissions } from '../core/trap/retransmission.js';
import { chooseFirewall } from '../firewall/select.js';
import { takeLock } from '../store/lock.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/types.js';
import { openReader, type Reader } from '../store/reader.js';
import { loadAllRules } from './all-rules.js';
import type { CertificateKeeper } from './certificate.js';
import { createClock } from './clock.js';
import { createClosers, type Closers } from './closers.js';
import { toCoreSettings } from './core-settings.js';
import { createFirewallKeeper, type FirewallKeeper } from './firewall-keeper.js';
import { makeFolders } from './folders.js';
import { createOwnLog, type OwnLog } from './own-log.js';
import { PACKAGE_ROOT, VERSION } from './package.js';
import { gatherProtectedPeers } from './protected-peers.js';
import { loadSecret } from './secret.js';

/** Everything that the running agent and the offline client have in common. */
export interface AgentContext {
  loaded: LoadedSettings;
  rules: readonly Rule[];
  readonly state: AgentState;
  readonly store: Store;
  readonly reader: Reader;
  keeper: FirewallKeeper;
  /** Null while no transport needs one, and offline. */
  certificate: CertificateKeeper | null;
  readonly log: OwnLog;
  readonly closers: Closers;
  readonly nowUs: () => number;
}

const FORGOTTEN_HALF_LIVES = 10;

/**
 * Takes the agent's lock, opens the database and brings blocks and scores back to memory. Rejects
 * with an AgentError, and then nothing stays open. The caller closes `closers`.
 */
export async function openContext(
  loaded: LoadedSettings,
  print: (text: string) => void,
): Promise<AgentContext> {
  const { settings } = loaded;
  const nowUs = createClock();
  await makeFolders(settings);
  // Side by side: nft answers in another process while the rules are checked in this one.
  const [rules, chosen] = await Promise.all([
    loadAllRules(settings.rulesDir),
    chooseFirewall(settings.blocking),
  ]);
  const log = createOwnLog(settings.logFile, nowUs, print);
  const closers = createClosers(log.say);
  closers.add('log', log.close);
  try {
    const lock = await takeLock(settings.databaseFile);
    closers.add('lock', lock.release);
    const secret = await loadSecret(settings.databaseFile);
    const store = await openStore({
      databaseFile: settings.databaseFile,
      jsonLogFile: settings.jsonLogFile,
      logFile: settings.logFile,
      appVersion: VERSION,
      passwordFiles: passwordFilesOf(settings.rulesDir),
      inWorker: true,
      onNotice: log.say,
    });
    closers.add('store', store.close);
    await store.expireBlocks(nowUs());
    const reader = await openReader(settings.databaseFile);
    closers.add('reader', reader.close);
    const state = await restoreState(
      { loaded, rules, secret, store, reader, nowUs },
      chosen.enforcing,
    );
    const { sipPorts } = settings.blocking;
    const keeper = createFirewallKeeper({ chosen, state, sipPorts, nowUs, say: log.say });
    closers.add('firewall queue', keeper.idle);
    const certificate = null;
    return { loaded, rules, state, store, reader, keeper, certificate, log, closers, nowUs };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** The list that is shipped stands beside the built-in rules, the operator's beside his own. */
const passwordFilesOf = (rulesDir: string): readonly string[] =>
  [join(PACKAGE_ROOT, 'rules'), rulesDir].map((folder) => join(folder, 'passwords.txt'));

interface RestoreSources {
  readonly loaded: LoadedSettings;
  readonly rules: readonly Rule[];
  readonly secret: Buffer;
  readonly store: Store;
  readonly reader: Reader;
  readonly nowUs: () => number;
}

async function restoreState(from: RestoreSources, enforcing: boolean): Promise<AgentState> {
  const { loaded, rules, secret, store, reader, nowUs } = from;
  const { blocking } = loaded.settings;
  const seed = randomInt(2 ** 30);
  const settings = toCoreSettings(loaded.settings, { secret, seed, observing: !enforcing });
  const detect = createDetectState({}, secret.readInt32LE(0));
  const sinceUs = nowUs() - FORGOTTEN_HALF_LIVES * blocking.scoreHalfLifeS * 1_000_000;
  const paidUs = await reader.lastDetectorBlocks(sinceUs);
  for (const sighting of await reader.recentSightings(sinceUs)) {
    const blockedUs = paidUs.get(targetOf(sighting.source, settings.policy).text);
    // Points that led to a block are paid for (spendScore).
    if (blockedUs === undefined || sighting.atUs > blockedUs)
      restoreScore(detect, sighting, settings);
  }
  return {
    settings,
    rules: compileRules(rules),
    detect,
    retransmissions: createRetransmissions(),
    answers: createAnswerState(),
    blocks: {
      table: createBlockTable(await reader.activeBlocks(nowUs())),
      returns: createReturns(await reader.provenBlockCounts()),
      breaker: createBreaker(),
      protect: createProtectTable(gatherProtectedPeers(blocking.protect)),
      refusedFull: 0,
      nextBlockId: store.nextBlockId,
    },
    nextEventId: store.nextEventId,
    counts: createCounts(),
  };
}
