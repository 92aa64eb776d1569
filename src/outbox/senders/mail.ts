import { LIMITS } from '../../core/common/limits.js';
import type { SmtpServer } from '../../core/model/alert-target.js';
import { SendError, type Sender } from '../sender.js';
import { textOf, titleOf, type NoticeOrigin } from './plain-text.js';

export interface MailOptions {
  readonly server: SmtpServer;
  /** '' where the server asks nobody who he is. */
  readonly user: string;
  readonly password: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly origin: Pick<NoticeOrigin, 'host'>;
}

const MAIL_CHARS_MAX = 50_000;
const SUBJECT_CHARS_MAX = 200;

/** Sends a notice by mail. The library is loaded with the first one. */
export function createMail(options: MailOptions): Sender {
  const { server, user, password, from, to, origin } = options;
  const { host, port, tls } = server;
  return {
    name: 'mail',
    place: `mail to ${to.join(', ')} by ${host}:${port}`,
    send: async (notice) => {
      const { createTransport } = await import('nodemailer');
      const transport = createTransport({
        host,
        port,
        secure: tls === 'implicit',
        requireTLS: tls === 'starttls',
        ignoreTLS: tls === 'none',
        ...(user === '' ? {} : { auth: { user, pass: password } }),
        connectionTimeout: LIMITS.outboxSendMsMax,
        greetingTimeout: LIMITS.outboxSendMsMax,
        socketTimeout: LIMITS.outboxSendMsMax,
        // A notice is text: nothing in it may name a file or an address to be fetched.
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: `[sentrypeer] ${titleOf(notice, origin)}`.slice(0, SUBJECT_CHARS_MAX),
          text: `${textOf(notice, MAIL_CHARS_MAX, origin)}\n`,
          messageId: `<${notice.id}@${domainOf(from)}>`,
          // RFC 3834: nobody's holiday note is wanted.
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        throw new SendError(error instanceof Error ? error.message : 'it was not taken');
      } finally {
        transport.close();
      }
    },
  };
}

const domainOf = (from: string): string => /@([^@>\s]+)>?$/.exec(from)?.[1] ?? 'localhost';
