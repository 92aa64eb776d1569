import type { Settings } from '../../config/schema.js';
import type { Sender } from '../sender.js';
import { createCommand } from './command.js';
import { createMail } from './mail.js';
import { createWebhook } from './webhook.js';

export interface SenderOptions {
  /** How the agent calls itself: `sentrypeer-agent/1.2.3`. */
  readonly agent: string;
  /** Name of this host, for a mail without a configured sender. */
  readonly hostName: string;
  readonly nowUs: () => number;
}

/** Every target that the settings name: `mail`, `command`, and each webhook by its service. */
export function makeSenders(
  { alerts }: Pick<Settings, 'alerts'>,
  { agent, hostName, nowUs }: SenderOptions,
): readonly Sender[] {
  const senders: Sender[] = [];
  if (alerts.mailTo.length > 0) {
    senders.push(
      createMail({
        server: alerts.smtpServer,
        user: alerts.smtpUser,
        password: alerts.smtpPassword,
        from: alerts.mailFrom ?? `sentrypeer@${hostName}`,
        to: alerts.mailTo,
      }),
    );
  }
  const taken = new Map<string, number>();
  for (const { kind, url } of alerts.webhooks) {
    const count = (taken.get(kind) ?? 0) + 1;
    taken.set(kind, count);
    const name = count === 1 ? kind : `${kind}-${count}`;
    senders.push(createWebhook({ name, kind, url, secret: alerts.webhookSecret, agent, nowUs }));
  }
  if (alerts.command !== null) senders.push(createCommand(alerts.command));
  return senders;
}
