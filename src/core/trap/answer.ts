import { isIP } from 'node:net';
import type { TrapEvent } from '../model/event.js';
import { isProven } from '../model/proof.js';
import type { SipMessage } from '../model/sip-message.js';
import type { Endpoint } from '../model/transport.js';
import { findOutsideQuotes, readParam } from '../sip/params.js';
import { makeNonce, makeToTag } from './nonce.js';
import { ASTERISK, USUAL_NAMES, type AnswerHeader, type Persona } from './persona.js';

export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** `secret`: the key of nonces and To-tags; `realm`: what a challenge names. */
export interface AnswerSettings {
  readonly secret: Buffer;
  readonly realm: string;
}

/** To a source without proof, bytes out for one byte in: the bound of RFC 9000 section 8.1. */
const AMPLIFICATION_MAX = 3;

/**
 * The answer of the PBX that the trap plays, null when there is none. Nothing is answered to a
 * response, an ACK, what is no SIP, or a request that lacks one of the headers that an answer must
 * repeat (RFC 3261 section 8.2.6.2). Extensions that sound plausible exist and ask for a password,
 * whatever password came; others do not exist, so that scanners tell the two apart and go on.
 * An unproven source never gets more than three times its own bytes: a shorter answer, or none.
 */
export function answerTo(event: TrapEvent, settings: AnswerSettings): Answer | null {
  const { message } = event;
  if (message.kind !== 'request' || message.method === 'ACK') return null;
  const required = readRequired(message);
  if (required === null) return null;
  const persona = ASTERISK;
  const status = statusFor(message, persona);
  const headers = new Map(required);
  headers.set('Via', echoVias(message.headers('via'), event.source));
  headers.set('To', tagTo(event, settings.secret));
  addOwn(headers, status, event, persona, settings);
  const bytesMax = isProven(event.proof)
    ? Number.POSITIVE_INFINITY
    : message.bytes.length * AMPLIFICATION_MAX;
  for (const order of [persona.order, persona.shortOrder]) {
    const bytes = render(status, persona, order, headers);
    if (bytes.length <= bytesMax) return { status, bytes };
  }
  return null;
}

type Headers = Map<AnswerHeader, string>;

function readRequired(message: SipMessage): Headers | null {
  const headers: Headers = new Map();
  for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const) {
    const value = message.header(name.toLowerCase());
    if (value === null) return null;
    headers.set(name, value);
  }
  return headers;
}

function statusFor(message: SipMessage, persona: Persona): number {
  const method = message.method ?? '';
  if (method === 'OPTIONS') return 200;
  if (persona.inDialog.has(method)) return 481;
  if (!persona.challenged.has(method)) return persona.unknownMethodStatus;
  const user = method === 'REGISTER' ? message.toUser : message.requestUser;
  return user !== null && isPlausible(user) ? 401 : 404;
}

/** Extensions as PBXs have them: 2 to 6 digits, or one of the usual names. */
function isPlausible(user: string): boolean {
  return /^\d{2,6}$/.test(user) || USUAL_NAMES.has(user.toLowerCase());
}

function addOwn(
  headers: Headers,
  status: number,
  event: TrapEvent,
  persona: Persona,
  settings: AnswerSettings,
): void {
  headers.set('Server', persona.server);
  headers.set('Allow', persona.allow);
  headers.set('Supported', persona.supported);
  headers.set('Content-Length', '0');
  if (status === 401) {
    const realm = settings.realm.replace(/["\\]/g, '\\$&');
    const nonce = makeNonce(settings.secret, event.source.address, event.receivedAtUs);
    headers.set('WWW-Authenticate', `Digest algorithm=MD5, realm="${realm}", nonce="${nonce}"`);
  }
  if (status === 200) {
    headers.set('Contact', `<sip:${hostPort(event.local)}>`);
    headers.set('Accept', persona.accept);
  }
}

/** The Vias as they came; the first gets where the request really came from (RFC 3581 section 4). */
function echoVias(values: readonly string[], source: Endpoint): string {
  const [top = '', ...others] = values;
  const COMMA = 44;
  const end = findOutsideQuotes(top, COMMA, COMMA, 0);
  const first = top.slice(0, end).trimEnd();
  const wantsPort = readParam(first, 'rport') !== null;
  const bare = wantsPort ? first.replace(/;[ \t]*rport[ \t]*(?:=[^;]*)?(?=;|$)/i, '') : first;
  const port = wantsPort ? `;rport=${source.port}` : '';
  const stamped = `${bare};received=${source.address}${port}${top.slice(end)}`;
  return [stamped, ...others].map(clean).join('\r\nVia: ');
}

function tagTo(event: TrapEvent, secret: Buffer): string {
  const { message } = event;
  const value = message.header('to') ?? '';
  if (message.toTag !== null && message.toTag !== '') return value;
  const { address } = event.source;
  const tag = makeToTag(secret, address, message.callId ?? '', event.receivedAtUs);
  return `${value};tag=${tag}`;
}

function render(
  status: number,
  persona: Persona,
  order: readonly AnswerHeader[],
  headers: Headers,
): Buffer {
  const lines = [`SIP/2.0 ${status} ${persona.reasons[status] ?? 'Unknown'}`];
  for (const name of order) {
    const value = headers.get(name);
    if (value === undefined) continue;
    // Vias were cleaned one by one: the line ends between them are ours.
    lines.push(`${name}: ${name === 'Via' ? value : clean(value)}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** No packet text may end a line of our answer. */
function clean(value: string): string {
  return /[\r\n\0]/.test(value) ? value.replace(/[\r\n\0]/g, ' ') : value;
}

function hostPort(local: Endpoint): string {
  const host = isIP(local.address) === 6 ? `[${local.address}]` : local.address;
  return `${host}:${local.port}`;
}
