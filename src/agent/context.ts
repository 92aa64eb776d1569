import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { LoadedSettings } from '../config/load.js';
import { loadRules } from '../config/rules.js';
import { createBlockTable } from '../core/block/block-table.js';
import { createBreaker } from '../core/block/breaker.js';
import { targetOf } from '../core/block/decide.js';
import { createProtectTable } from '../core/block/protect.js';
import { createReturns } from '../core/block/returns.js';
import { createDetectState, compileRules, restoreScore } from '../core/detect/detect.js';
import type { Rule } from '../core/model/rule.js';
import { createCounts, type AgentState } from '../core/step.js';
import { createRetransmissions } from '../core/trap/retransmission.js';
import { chooseFirewall } from '../firewall/select.js';
import { takeLock } from '../store/lock.js';
import { openStore, type Store } from '../store/open.js';
import { openReader, type Reader } from '../store/reader.js';
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
  const rules = await loadAllRules(settings.rulesDir);
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
      inWorker: true,
      onNotice: log.say,
    });
    closers.add('store', store.close);
    await store.expireBlocks(nowUs());
    const reader = await openReader(settings.databaseFile);
    closers.add('reader', reader.close);
    const chosen = await chooseFirewall(settings.blocking);
    const state = await restoreState(
      { loaded, rules, secret, store, reader, nowUs },
      chosen.enforcing,
    );
    const { sipPorts } = settings.blocking;
    const keeper = createFirewallKeeper({ chosen, state, sipPorts, nowUs, say: log.say });
    closers.add('firewall queue', keeper.idle);
    return { loaded, rules, state, store, reader, keeper, log, closers, nowUs };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** The built-in rules, then the operator's. */
export const loadAllRules = (rulesDir: string): Promise<readonly Rule[]> =>
  loadRules([join(PACKAGE_ROOT, 'rules'), rulesDir]);

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
