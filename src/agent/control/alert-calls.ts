import { randomUUID } from 'node:crypto';
import { alertView, type AlertsView, type AlertTest } from '../../api/views.js';
import { AgentError } from '../../core/common/errors.js';
import { quoteText } from '../../core/common/text.js';
import { IMPORTANCE_OF, type Notice } from '../../core/model/notice.js';
import { send } from '../../outbox/outbox.js';
import { sendersOf } from '../alerts/alert-keeper.js';
import type { AgentContext } from '../agent-context.js';

/** Ended alerts that are shown. */
const SHOWN_MAX = 100;

export async function viewAlerts(context: AgentContext): Promise<AlertsView> {
  const entries = await context.reader.outbox(SHOWN_MAX);
  const counts = context.alerts?.counts() ?? [];
  return {
    targets: sendersOf(context).map(({ name, place }) => {
      const { sent = 0, failed = 0 } = counts.find(({ target }) => target === name) ?? {};
      const waiting = entries.filter(({ state, target }) => state === 'waiting' && target === name);
      return { name, place, waiting: waiting.length, sent, failed };
    }),
    alerts: entries.map(alertView),
  };
}

/** Sends at once, past the outbox. Rejects with NOT_FOUND where there is no such target, or none. */
export async function testAlerts(
  context: AgentContext,
  target: string | null,
): Promise<readonly AlertTest[]> {
  const all = sendersOf(context);
  if (all.length === 0) throw noTarget();
  const some = target === null ? all : all.filter(({ name }) => name === target);
  if (some.length === 0)
    throw unknownTarget(
      target ?? '',
      all.map(({ name }) => name),
    );
  const notice: Notice = {
    id: randomUUID(),
    kind: 'test',
    atUs: context.nowUs(),
    importance: IMPORTANCE_OF.test,
    title: 'A test of the alerts',
    lines: ['whoever reads this gets what sentrypeer-agent has to tell'],
    count: 1,
  };
  return Promise.all(
    some.map(async (sender) => {
      const outcome = await send(sender, notice);
      return { target: sender.name, place: sender.place, error: outcome.ok ? null : outcome.why };
    }),
  );
}

export const noTarget = (): AgentError =>
  new AgentError(
    'NOT_FOUND',
    'no alerts are configured: nobody would be told',
    'set mail_to, webhooks or command in [alerts] (docs/ALERTS.md)',
  );

const unknownTarget = (name: string, names: readonly string[]): AgentError =>
  new AgentError(
    'NOT_FOUND',
    `alerts go to no target ${quoteText(name)}`,
    `name one of ${names.join(', ')}`,
  );
