import { isIP } from 'node:net';
import { quoteText } from '../../core/common/text.js';
import { WEBHOOK_KINDS, type SmtpServer, type Webhook } from '../../core/model/alert-target.js';
import type { Reading, ValueReader } from './readers.js';

const bad = (why: string): { readonly ok: false; readonly why: string } => ({ ok: false, why });

/** RFC 5321 without quoted names and literals, which nobody has. */
const MAILBOX =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/;

export const mailbox: ValueReader<string> = {
  allowed: 'a mail address such as noc@example.org',
  read: (text) => (MAILBOX.test(text) ? { ok: true, value: text } : bad('it is no mail address')),
  write: (value) => value,
};

export const optionalMailbox: ValueReader<string | null> = {
  allowed: `${mailbox.allowed}, or nothing`,
  read: (text) => (text === '' ? { ok: true, value: null } : mailbox.read(text)),
  write: (value) => value ?? '',
};

/** A user or a password as it is; a comma may be in it. */
export const optionalText: ValueReader<string> = {
  allowed: 'up to 200 printable characters, or nothing',
  read: (text) =>
    /^[ -~]{0,200}$/.test(text) ? { ok: true, value: text } : bad('it is no such text'),
  write: (value) => value,
};

const SMTP_PORTS = { 'smtps:': 465, 'smtp:': 587 } as const;

export const smtpServer: ValueReader<SmtpServer> = {
  allowed: 'smtps://HOST[:PORT], or smtp://HOST[:PORT]',
  read(text) {
    const url = parse(text);
    if (url === null) return bad('it is no address of a server');
    const { protocol, port, hostname, pathname } = url;
    if (protocol !== 'smtps:' && protocol !== 'smtp:') return bad('it begins with another word');
    if (url.username !== '' || url.password !== '')
      return bad('user and password have keys of their own, smtp_user and smtp_password');
    if (hostname === '' || !['', '/'].includes(pathname)) return bad('it is no host and port');
    const host = hostname.replace(/^\[|\]$/g, '');
    const near = protocol === 'smtp:' && isThisHost(host);
    return {
      ok: true,
      value: {
        host,
        port: port === '' ? SMTP_PORTS[protocol] : Number(port),
        tls: protocol === 'smtps:' ? 'implicit' : near ? 'none' : 'starttls',
      },
    };
  },
  write: ({ host, port, tls }) =>
    `${tls === 'implicit' ? 'smtps' : 'smtp'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
};

/** What each service needs in its address, beside the address itself. */
const NEEDED: Readonly<Partial<Record<Webhook['kind'], string>>> = {
  telegram: 'chat_id',
  matrix: 'access_token',
  pagerduty: 'routing_key',
};

export const webhook: ValueReader<Webhook> = {
  allowed: `one of ${WEBHOOK_KINDS.join(', ')}, then + and an https address (http on this host alone)`,
  read: readWebhook,
  write: ({ kind, url }) => `${kind}+${url}`,
};

function readWebhook(text: string): Reading<Webhook> {
  const [, word = '', rest = ''] = /^([a-z]+)\+(.+)$/.exec(text) ?? [];
  const kind = WEBHOOK_KINDS.find((each) => each === word);
  if (kind === undefined) return bad(`'${quoteText(word)}+' is no service that is known`);
  const url = parse(rest);
  if (url === null) return bad('what follows the + is no address');
  if (url.protocol === 'http:' && !isThisHost(url.hostname.replace(/^\[|\]$/g, '')))
    return bad('it would go in clear text: use https');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return bad('it is no https address');
  if (url.username !== '') return bad('a user in the address is not sent');
  const needed = NEEDED[kind];
  if (needed !== undefined && (url.searchParams.get(needed) ?? '') === '')
    return bad(`the address lacks ?${needed}=`);
  return { ok: true, value: { kind, url: url.href } };
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

const isThisHost = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
