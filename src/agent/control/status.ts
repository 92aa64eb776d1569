import { messageOf } from '../../core/common/errors.js';
import { formatTime, type StatusView } from '../../api/views.js';
import { isEnded } from '../../core/block/block-table.js';
import { ruleStatus, scoreStatus } from '../../core/detect/detect.js';
import { syslogServerText } from '../../core/model/remote-log.js';
import { safeText } from '../../core/common/text.js';
import type { Reader } from '../../store/read/reader.js';
import { JOURNAL_SOCKET } from '../../store/logs/remote/journal-line.js';
import type { Trap } from '../../trap/options.js';
import { VERSION } from '../package.js';
import { sumCounts } from '../log/remote-log.js';
import type { AgentContext } from '../agent-context.js';

/** What only a running agent has. */
export interface Running {
  readonly startedAtUs: number;
  readonly trap: Trap;
}

export async function viewStatus(
  context: AgentContext,
  running: Running | null,
): Promise<StatusView> {
  const { loaded, reader, store, log } = context;
  const stats = store.stats();
  return {
    running: running !== null,
    version: VERSION,
    pid: running === null ? null : process.pid,
    started_at: running === null ? null : formatTime(running.startedAtUs),
    trial: loaded.trial,
    configuration_file: loaded.file,
    configuration_error: context.faults.configuration,
    rules_error: context.faults.rules,
    database_file: loaded.settings.databaseFile,
    listening: (running?.trap.listening ?? []).map(({ transport, address, port }) => ({
      transport,
      address,
      port,
    })),
    api_url: context.api?.url() ?? null,
    blocking: viewBlocking(context),
    counts: { ...context.state.counts },
    limits_hit: lossesOf(context, running),
    store: {
      ...(await viewDatabase(reader)),
      queued: stats.queued,
      failed: stats.failed,
      last_error: stats.lastError,
    },
    remote_logs: [...viewRemote(context), ...viewHepOut(context)],
    sensors: context.sensors?.status() ?? [],
    notices: log.recent(),
  };
}

/** A database that cannot be read keeps nobody from asking how the agent fares. */
async function viewDatabase(
  reader: Reader,
): Promise<Pick<StatusView['store'], 'events' | 'database_bytes' | 'read_error'>> {
  try {
    const { bytes } = await reader.databaseSize();
    return { events: await reader.countEvents(), database_bytes: bytes, read_error: null };
  } catch (error) {
    return { events: null, database_bytes: null, read_error: messageOf(error) };
  }
}

function viewRemote({ store, remoteLog, startedWith }: AgentContext): StatusView['remote_logs'] {
  const counts = sumCounts(store.stats().remote, remoteLog?.counts() ?? {});
  const server = startedWith.syslogServer;
  return Object.entries(counts).map(([name, { sent, waiting, lost, lastError }]) => ({
    name,
    target: name === 'syslog' && server !== null ? syslogServerText(server) : JOURNAL_SOCKET,
    sent,
    waiting,
    lost,
    last_error: lastError,
  }));
}

function viewHepOut({ hepOut }: AgentContext): StatusView['remote_logs'] {
  const status = hepOut?.status() ?? null;
  if (status === null) return [];
  const { target, sent, waiting, lost, lastError } = status;
  return [{ name: 'hep', target, sent, waiting, lost, last_error: lastError }];
}

function viewBlocking(context: AgentContext): StatusView['blocking'] {
  const { keeper, state, nowUs, confirmUntilUs, peers } = context;
  const { firewall, enforcing, why } = keeper.chosen;
  const stats = keeper.stats();
  const { waiting, failed, lastError } = stats;
  const { breaker, table, refusedFull, stillTalking } = state.blocks;
  const now = nowUs();
  let active = 0;
  let desired = 0;
  const byScope = { all: 0, sip: 0, beside: 0 };
  for (const block of table.byTarget.values()) {
    if (isEnded(block, now)) continue;
    active += 1;
    byScope[block.scope] += 1;
    if (!block.simulated) desired += 1;
  }
  const time = (us: number | null): string | null => (us === null ? null : formatTime(us));
  return {
    mode: enforcing ? 'enforce' : 'observe',
    backend: firewall.name,
    why,
    active_blocks: active,
    active_by_scope: byScope,
    waiting_changes: waiting,
    failed_changes: failed,
    last_error: lastError === null ? null : safeText(lastError),
    desired: enforcing ? desired : 0,
    actual: stats.actual,
    differing: stats.differing,
    compared_at: time(stats.comparedAtUs),
    guarded: stats.guarded,
    repairs: stats.repairs,
    last_repair_at: time(stats.lastRepairUs),
    last_repair: stats.lastRepair,
    retrying_changes: stats.retrying,
    still_talking: state.counts.stillTalking,
    last_still_talking:
      stillTalking === null ? null : `${stillTalking.source} (${stillTalking.target})`,
    confirm_until: time(confirmUntilUs),
    unresolved_peers: peers.unresolved(),
    unproven_breaker_tripped: breaker.tripped || breaker.stormy.size > 0,
    storm: breaker.reason,
    refused_unproven: breaker.refused,
    refused_full: refusedFull,
  };
}

/** Every count that should be zero; null where it cannot be told. */
function lossesOf(
  { store, state, remoteLog, hepOut }: AgentContext,
  running: Running | null,
): StatusView['limits_hit'] {
  const { dropped, failed, decisionsLost, logLinesLost, remote } = store.stats();
  const { syslog, journal } = sumCounts(remote, remoteLog?.counts() ?? {});
  const trap = running?.trap.stats();
  const rules = ruleStatus(state.detect);
  return {
    // Null is not nought: some kernels do not tell.
    kernel_drops: trap === undefined ? 0 : trap.kernelDrops,
    answers_refused_by_system: trap?.sendErrors ?? 0,
    connections_refused: trap?.connectionsRefused ?? 0,
    connections_evicted: trap?.connectionsEvicted ?? 0,
    quiet_events_thinned: trap?.quietEventsThinned ?? 0,
    connections_timed_out: trap?.connectionsTimedOut ?? 0,
    seconds_without_descriptors: trap?.secondsWithoutDescriptors ?? 0,
    stream_bytes_ignored: trap?.streamBytesIgnored ?? 0,
    replies_dropped: trap?.repliesDropped ?? 0,
    samples_thinned: dropped,
    events_failed: failed,
    decisions_lost: decisionsLost,
    log_lines_lost: logLinesLost,
    syslog_lines_lost: syslog?.lost ?? 0,
    journal_lines_lost: journal?.lost ?? 0,
    hep_messages_lost: hepOut?.status()?.lost ?? 0,
    scores_forgotten: scoreStatus(state.detect).evicted,
    rule_groups_forgotten: rules.reduce((sum, { evicted }) => sum + evicted, 0),
    rule_faults: rules.reduce((sum, { faults }) => sum + faults, 0),
    blocked_but_still_talking: state.counts.stillTalking,
    blocks_refused_full: state.blocks.refusedFull,
    calls_refused: state.answers.calls.refused,
    answer_allowances_forgotten: state.answers.budget.forgotten,
    unproven_blocks_refused: state.blocks.breaker.refused,
  };
}
