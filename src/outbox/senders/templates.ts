import type { WebhookKind } from '../../core/model/alert-target.js';
import type { Importance, Notice } from '../../core/model/notice.js';
import { noticeAsJson, textOf, titleOf, type NoticeOrigin } from './plain-text.js';

/** What goes over HTTP. `body` undefined: nothing. */
export interface HttpRequest {
  readonly method: 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Makes the request that one service wants of a notice. `url` is the operator's own. */
type Template = (notice: Notice, url: URL, origin: NoticeOrigin) => HttpRequest;

const JSON_TYPE = { 'content-type': 'application/json' };

const post = (url: URL, value: unknown): HttpRequest => ({
  method: 'POST',
  url,
  headers: JSON_TYPE,
  body: JSON.stringify(value),
});

/** A letter that nobody sees, behind what would call people. */
const NO_PING = '\u200b';
const withoutPings = (text: string): string => text.replaceAll('@', `@${NO_PING}`);
const escapeMarkdown = (text: string): string =>
  withoutPings(text).replace(/[\\`*_{}[\]<>()#+!|~-]/g, '\\$&');

/** As Slack wants it: https://docs.slack.dev/messaging/formatting-message-text#escaping */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const NTFY_PRIORITY: Readonly<Record<Importance, number>> = { low: 2, normal: 3, high: 5 };
const PAGERDUTY_SEVERITY: Readonly<Record<Importance, string>> = {
  low: 'info',
  normal: 'warning',
  high: 'critical',
};

/** Each service by the word that stands before its address in the configuration. */
export const TEMPLATES = {
  json: (notice, url, origin) => post(url, noticeAsJson(notice, origin)),
  slack: (notice, url, origin) => post(url, { text: escapeSlack(textOf(notice, 3_000, origin)) }),
  mattermost: (notice, url, origin) =>
    post(url, { text: escapeMarkdown(textOf(notice, 8_000, origin)) }),
  teams: (notice, url, origin) =>
    post(url, {
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            body: [
              {
                type: 'TextBlock',
                weight: 'bolder',
                wrap: true,
                text: cardText(titleOf(notice, origin)),
              },
              ...textOf(notice, 10_000, origin)
                .split('\n')
                .slice(1)
                .map((line) => ({ type: 'TextBlock', wrap: true, text: cardText(line) })),
            ],
          },
        },
      ],
    }),
  discord: (notice, url, origin) =>
    post(url, {
      content: escapeMarkdown(textOf(notice, 900, origin)),
      allowed_mentions: { parse: [] },
    }),
  telegram: (notice, url, origin) => {
    const bare = new URL(url);
    bare.searchParams.delete('chat_id');
    return post(bare, {
      chat_id: url.searchParams.get('chat_id'),
      text: textOf(notice, 4_000, origin),
    });
  },
  matrix: (notice, url, origin) => {
    const bare = new URL(url);
    bare.searchParams.delete('access_token');
    // The id of the transaction: what comes twice is shown once.
    bare.pathname = `${bare.pathname.replace(/\/$/, '')}/${notice.id}`;
    return {
      method: 'PUT',
      url: bare,
      headers: {
        ...JSON_TYPE,
        authorization: `Bearer ${url.searchParams.get('access_token') ?? ''}`,
      },
      body: JSON.stringify({ msgtype: 'm.text', body: textOf(notice, 20_000, origin) }),
    };
  },
  ntfy: (notice, url, origin) => {
    const topic = url.pathname.split('/').filter(Boolean).at(-1) ?? '';
    const root = new URL(url);
    root.pathname = url.pathname.slice(0, url.pathname.lastIndexOf(topic));
    const message = textOf(notice, 3_500, origin).split('\n').slice(1).join('\n');
    const priority = NTFY_PRIORITY[notice.importance];
    return post(root, { topic, title: titleOf(notice, origin), message, priority });
  },
  pagerduty: (notice, url, origin) => {
    const bare = new URL(url);
    bare.searchParams.delete('routing_key');
    return post(bare, {
      routing_key: url.searchParams.get('routing_key'),
      event_action: 'trigger',
      dedup_key: notice.id,
      payload: {
        summary: titleOf(notice, origin).slice(0, 1_024),
        source: origin.host,
        severity: PAGERDUTY_SEVERITY[notice.importance],
        timestamp: isoTime(notice.atUs),
        custom_details: { kind: notice.kind, count: notice.count, lines: notice.lines },
      },
    });
  },
} as const satisfies Readonly<Record<WebhookKind, Template>>;

const isoTime = (us: number): string => new Date(us / 1_000).toISOString();

/** A text block of a card reads a little markdown. */
const cardText = (text: string): string => text.replace(/[\\`*_[\]<>#~-]/g, '\\$&');
