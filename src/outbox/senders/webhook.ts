import { createHmac } from 'node:crypto';
import { LIMITS } from '../../core/common/limits.js';
import type { WebhookKind } from '../../core/model/alert-target.js';
import { SendError, type Sender } from '../sender.js';
import type { NoticeOrigin } from './plain-text.js';
import { TEMPLATES, type HttpRequest } from './templates.js';

export interface WebhookOptions {
  readonly name: string;
  readonly kind: WebhookKind;
  readonly url: string;
  /** Signs each request; '' does not. */
  readonly secret: string;
  readonly origin: NoticeOrigin;
  readonly nowUs: () => number;
}

/**
 * Sends a notice by HTTP. Certificates are checked, no redirect is followed (it would carry what is
 * secret elsewhere), and of the answer only its status and `Retry-After` are read.
 */
export function createWebhook(options: WebhookOptions): Sender {
  const { name, kind, secret, origin, nowUs } = options;
  const url = new URL(options.url);
  return {
    name,
    place: `${kind} at ${url.host}`,
    send: async (notice) => {
      const request = TEMPLATES[kind](notice, url, origin);
      const signed = secret === '' ? {} : signature(request.body, secret, nowUs());
      const response = await ask(request, { ...signed, 'user-agent': origin.agent });
      await response.body?.cancel();
      if (response.ok) return;
      const retryAfterS = readRetryAfter(response.headers.get('retry-after'), nowUs());
      throw new SendError(describeStatus(response.status), retryAfterS);
    },
  };
}

/** `t` is the second of sending, `v1` the HMAC-SHA256 of `t`, a full stop and the body. */
export function signature(
  body: string,
  secret: string,
  nowUs: number,
): Readonly<Record<string, string>> {
  const t = Math.floor(nowUs / 1_000_000);
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  return { 'x-sentrypeer-signature': `t=${t},v1=${v1}` };
}

async function ask(
  { method, url, headers, body }: HttpRequest,
  more: Readonly<Record<string, string>>,
): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: { ...headers, ...more },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(LIMITS.outboxSendMsMax),
    });
  } catch (error) {
    throw new SendError(describeFault(error));
  }
}

/** Node puts what happened into the cause; the address may hold a secret and is left out. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError') return `no answer in ${LIMITS.outboxSendMsMax / 1_000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return `no connection: ${error.name}`;
  return `no connection: ${'code' in cause ? String(cause.code) : cause.message}`;
}

function describeStatus(status: number): string {
  if (status >= 300 && status < 400)
    return `status ${status}: it is elsewhere, and no redirect is followed`;
  if (status === 401 || status === 403) return `status ${status}: it does not let us in`;
  return `status ${status}`;
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
export function readRetryAfter(text: string | null, nowUs: number): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, (atMs - nowUs / 1_000) / 1_000);
}
