import { ALERT_KINDS } from '../../core/model/notice.js';
import { DAY_S, key, MIB, secretKey } from './key.js';
import { choice, duration, integer, listOf, optionalPath, size } from './readers.js';
import { mailbox, optionalMailbox, optionalText, smtpServer, webhook } from './alert-targets.js';

/** What is told without asking, and to whom (docs/ALERTS.md). Without a target nothing is. */
export const ALERT_KEYS = {
  tell: key(
    'tell',
    listOf(choice(ALERT_KINDS), 0),
    ALERT_KINDS.join(', '),
    'What is told: docs/ALERTS.md says what each word means.',
  ),
  mailTo: key('mail_to', listOf(mailbox, 0), '', 'Who gets mail. Empty: nobody.'),
  mailFrom: key(
    'mail_from',
    optionalMailbox,
    '',
    'Sender of that mail. Empty: sentrypeer@ and the name of this host.',
  ),
  smtpServer: key(
    'smtp_server',
    smtpServer,
    'smtp://localhost:25',
    'Mail server: smtps://mail.example.org, or smtp://mail.example.org, which must offer STARTTLS ' +
      'unless it is this very host.',
  ),
  smtpUser: key('smtp_user', optionalText, '', 'User at the mail server. Empty: it asks for none.'),
  smtpPassword: secretKey('smtp_password', optionalText, '', 'Password of that user.'),
  webhooks: secretKey(
    'webhooks',
    listOf(webhook, 0),
    '',
    'Where a notice is posted: the service, `+` and its https address, as slack+https://hooks.slack.com/…',
  ),
  webhookSecret: secretKey(
    'webhook_secret',
    optionalText,
    '',
    'Signs what is posted (HMAC-SHA256, X-SentryPeer-Signature). Empty: it is not signed.',
  ),
  command: key(
    'command',
    optionalPath,
    '',
    'A program that gets each notice as JSON on its standard input. Empty: none.',
  ),
  quietS: key(
    'quiet_time',
    duration(60, 7 * DAY_S),
    '1h',
    'After a notice of one kind, what happens of that kind is gathered so long and told together.',
  ),
  perHourMax: key(
    'per_hour',
    integer(1, 1_000, 'notices'),
    '12',
    'Notices in any hour; what is over waits and is told in sum.',
  ),
  attacksAMinute: key(
    'attack_rate',
    integer(1, 100_000_000, 'messages'),
    '1000',
    'Messages of attacks in a minute from which on attack_rate is told.',
  ),
  silenceS: key(
    'silence',
    duration(3_600, 30 * DAY_S),
    '2d',
    'Time without any message to the trap after which silence is told.',
  ),
  diskFreeMin: key('disk_free', size(MIB), '256MiB', 'Free space below which disk is told.'),
} as const;
