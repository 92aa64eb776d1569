import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Settings } from '../../config/schema.js';
import type { NoticeKind } from '../../core/model/notice.js';
import {
  createAlertState,
  noteHappening,
  settleAlerts,
  type AlertPolicy,
} from '../../outbox/alerts/gather.js';
import {
  createHealthState,
  judgeHealth,
  type HealthPolicy,
  type Look,
} from '../../outbox/alerts/health.js';
import { openOutbox, type Outbox } from '../../outbox/outbox.js';
import type { Sender } from '../../outbox/sender.js';
import { makeSenders } from '../../outbox/senders/make-senders.js';
import type { AgentContext, AlertKeeper } from '../agent-context.js';
import { describeBlock, describeCall } from '../log/describe.js';
import { VERSION } from '../package.js';

const LOOK_EVERY_MS = 10_000;

/** The targets that the settings in force name. */
export const sendersOf = ({
  loaded,
  nowUs,
}: Pick<AgentContext, 'loaded' | 'nowUs'>): readonly Sender[] =>
  makeSenders(loaded.settings, {
    origin: { agent: `sentrypeer-agent/${VERSION}`, host: hostname() },
    nowUs,
  });

/** Opens the outbox with what waits in it, and begins to look around. */
export async function keepAlerts(context: AgentContext): Promise<AlertKeeper> {
  const { nowUs } = context;
  const targets = { now: sendersOf(context) };
  const outbox = await openAgentOutbox(context, () => targets.now);
  const state = createAlertState();
  const counts = { attacks: 0 };
  const happened = (kind: NoticeKind, line: string): void => {
    if (targets.now.length === 0) return;
    const policy = policyOf(context.loaded.settings);
    const notice = noteHappening(state, policy, { kind, atUs: nowUs(), line }, randomUUID);
    if (notice !== null) void outbox.post([notice]);
  };
  const health = createHealthState(await look(context, counts.attacks));
  const timer = setInterval(() => {
    if (targets.now.length === 0) return;
    void look(context, counts.attacks).then((now) => {
      const { settings } = context.loaded;
      for (const { kind, line } of judgeHealth(health, limitsOf(settings), now))
        happened(kind, line);
      return outbox.post(settleAlerts(state, policyOf(settings), now.atUs, randomUUID));
    });
  }, LOOK_EVERY_MS);
  return {
    sighting: ({ attackType, source, reason, points }) => {
      // What is only a part of the proof is no alarm; what gives no points is there to be one.
      const isPart = points > 0 && points < context.state.settings.policy.threshold;
      if (attackType === 'toll_fraud' && !isPart) happened('toll_fraud', `${source}: ${reason}`);
    },
    block: (block) => {
      // What a person did he knows.
      if (block.origin === 'detector') happened('block', describeBlock(block));
    },
    call: (call) => {
      if (call.endedAtUs === null) happened('lured_call', describeCall(call));
    },
    attack: () => {
      counts.attacks += 1;
    },
    happened,
    follow: async () => {
      targets.now = sendersOf(context);
      await outbox.follow();
    },
    counts: outbox.counts,
    close: async () => {
      clearInterval(timer);
      await outbox.close();
    },
  };
}

const openAgentOutbox = (
  { nowUs, log, store, reader }: AgentContext,
  senders: () => readonly Sender[],
): Promise<Outbox> =>
  openOutbox({
    load: async () => {
      const entries = await reader.outbox(1);
      const waiting = entries.filter((entry) => entry.state === 'waiting');
      return { waiting, nextId: Math.max(0, ...entries.map(({ id }) => id)) + 1 };
    },
    keep: (entries) => store.keepOutbox(entries),
    senders,
    nowUs,
    random: Math.random,
    say: log.say,
    wait: (ms, then) => {
      const timer = setTimeout(then, ms);
      return () => {
        clearTimeout(timer);
      };
    },
  });

const limitsOf = ({ alerts }: Settings): HealthPolicy => ({
  attacksAMinute: alerts.attacksAMinute,
  silenceUs: alerts.silenceS * 1_000_000,
  diskFreeBytesMin: alerts.diskFreeMin,
});

const policyOf = ({ alerts }: Settings): AlertPolicy => ({
  kinds: new Set(alerts.tell),
  quietUs: alerts.quietS * 1_000_000,
  perHourMax: alerts.perHourMax,
});

async function look(context: AgentContext, attacks: number): Promise<Look> {
  const { state, keeper, store, loaded, nowUs } = context;
  const { lastError, repairs, lastRepair } = keeper.stats();
  const { enforcing, why } = keeper.chosen;
  const wanted = loaded.settings.blocking.mode === 'enforce';
  const free = await statfs(dirname(loaded.settings.databaseFile)).catch(() => null);
  return {
    atUs: nowUs(),
    received: state.counts.received,
    attacks,
    firewallFault: enforcing ? lastError : wanted ? why : null,
    repairs,
    lastRepair,
    storeFault: store.stats().lastError,
    diskFreeBytes: free === null ? null : free.bavail * free.bsize,
  };
}
