import type { Settings } from '../../config/schema.js';
import type { Sender } from '../sender.js';
import { createCommand } from './command.js';
import type { NoticeOrigin } from './plain-text.js';
import { createMail } from './mail.js';
import { createWebhook } from './webhook.js';

export interface SenderOptions {
  readonly origin: NoticeOrigin;
  readonly nowUs: () => number;
}

/** Every target that the settings name: `mail`, `command`, and each webhook by its service. */
export function makeSenders(
  { alerts }: Pick<Settings, 'alerts'>,
  { origin, nowUs }: SenderOptions,
): readonly Sender[] {
  const senders: Sender[] = [];
  if (alerts.mailTo.length > 0) {
    senders.push(
      createMail({
        server: alerts.smtpServer,
        user: alerts.smtpUser,
        password: alerts.smtpPassword,
        from: alerts.mailFrom ?? `sentrypeer@${origin.host}`,
        to: alerts.mailTo,
        origin,
      }),
    );
  }
  const taken = new Map<string, number>();
  for (const { kind, url } of alerts.webhooks) {
    const count = (taken.get(kind) ?? 0) + 1;
    taken.set(kind, count);
    const name = count === 1 ? kind : `${kind}-${count}`;
    senders.push(createWebhook({ name, kind, url, secret: alerts.webhookSecret, origin, nowUs }));
  }
  if (alerts.command !== null) senders.push(createCommand(alerts.command, origin));
  return senders;
}
