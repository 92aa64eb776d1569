/** Services that a notice can be posted to. `json`: the notice as it is. */
export const WEBHOOK_KINDS = [
  'json',
  'slack',
  'mattermost',
  'teams',
  'discord',
  'telegram',
  'matrix',
  'ntfy',
  'pagerduty',
] as const;
export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

export interface Webhook {
  readonly kind: WebhookKind;
  /** May hold a secret. */
  readonly url: string;
}

/** `implicit`: TLS from the first byte; `starttls`: or nothing; `none`: on this very host. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly tls: 'implicit' | 'starttls' | 'none';
}
