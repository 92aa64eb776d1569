import { isIP } from 'node:net';
import type { TrapEvent } from '../model/event.js';
import type { SipMessage } from '../model/sip-message.js';
import { readParam, splitList } from '../sip/params.js';
import { parseUri } from '../sip/uri.js';
import { cleanLine } from './clean-line.js';
import { unsupportedOf } from './decide-answer.js';
import { keyedHash } from './keyed-hash.js';
import { makeNonce, makeOpaque, makeToTag } from './nonce.js';
import type { AnswerHeader, AnswerKind, Persona } from './persona.js';
import { echoVias } from './via.js';

/** What the text of an answer is made of beside the request. */
export interface RenderSettings {
  readonly persona: Persona;
  /** Key of nonces and To-tags. */
  readonly secret: Buffer;
  readonly realm: string;
  /** Digest algorithms in the order of the challenges (RFC 8760). */
  readonly algorithms: readonly ('MD5' | 'SHA-256')[];
}

/** Longest echo of one packet text in a header of our own making. */
const ECHO_CHARS_MAX = 256;
const REGISTERED_S = { standard: 3_600, min: 60, max: 7_200 } as const;

/** Left out first when an answer must be short, then all but what an answer needs. */
const DISPENSABLE: ReadonlySet<AnswerHeader> = new Set([
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Allow-Events',
  'Content-Type',
  'Content-Disposition',
]);
const NEEDED: ReadonlySet<AnswerHeader> = new Set([
  'Via',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Challenge',
  'Unsupported',
  'Content-Length',
]);

/**
 * The answer as the persona writes it, at most `bytesMax` long: the whole, else without what can
 * be done without, else with the product and what RFC 3261 section 8.2.6.2 wants, else without the
 * product. Null when even that is too long. `toTag` is the tag of a call; null for no call.
 */
export function renderAnswer(
  event: TrapEvent,
  settings: RenderSettings,
  as: AnswerKind,
  status: number,
  bytesMax: number,
  toTag: string | null = null,
): Buffer | null {
  const { persona } = settings;
  const whole = persona.orders[as];
  const values = valuesOf(event, settings, as, status, toTag);
  const hasBody = as === 'accepted' || (as === 'options' && persona.sdpInOptions);
  const body = hasBody ? writeSdp(event, settings) : '';
  const full = render(status, persona, whole, values, body);
  if (full.length <= bytesMax) return full;
  // An answer that opens a call goes to proven sources alone, who have no bound.
  if (as === 'accepted') return null;
  const [productName] = persona.product;
  const shorter = [
    whole.filter((name) => !DISPENSABLE.has(name)),
    whole.filter((name) => NEEDED.has(name) || name === productName),
    whole.filter((name) => NEEDED.has(name)),
  ];
  for (const order of shorter) {
    const bytes = render(status, persona, order, values, '');
    if (bytes.length <= bytesMax) return bytes;
  }
  return null;
}

/** Null: not there, as From is in the answer to a request without one (RFC 4475 section 3.3.1). */
type Values = Readonly<Partial<Record<AnswerHeader, string | null>>>;

function valuesOf(
  event: TrapEvent,
  settings: RenderSettings,
  as: AnswerKind,
  status: number,
  toTag: string | null,
): Values {
  const { message } = event;
  const { persona } = settings;
  const isChallenge = as === 'challenge' || as === 'call-challenge';
  return {
    ...persona.fixed,
    [persona.product[0]]: persona.product[1],
    Via: echoVias(message.headers('via'), event.source, persona.via),
    From: message.header('from'),
    To: status === 100 ? message.header('to') : tagTo(event, settings, toTag),
    'Call-ID': message.callId,
    CSeq: message.header('cseq'),
    Date: new Date(Math.floor(event.receivedAtUs / 1000)).toUTCString(),
    ...(as === 'registered'
      ? bindingOf(message)
      : { Contact: `<sip:${contactOf(event, settings)}>` }),
    ...(isChallenge ? { Challenge: challenge(event, settings, status) } : {}),
    ...(as === 'extension' ? { Unsupported: unsupportedOf(message).slice(0, ECHO_CHARS_MAX) } : {}),
    ...(hasSdp(as, persona) ? { 'Content-Type': 'application/sdp' } : {}),
  };
}

const hasSdp = (as: AnswerKind, persona: Persona): boolean =>
  as === 'accepted' || (as === 'options' && persona.sdpInOptions);

function render(
  status: number,
  persona: Persona,
  order: readonly AnswerHeader[],
  values: Values,
  body: string,
): Buffer {
  const lines = [`SIP/2.0 ${status} ${persona.reasons[status] ?? 'Unknown'}`];
  const width = body === '' ? persona.lengthWidth.empty : persona.lengthWidth.body;
  for (const name of order) {
    const value =
      name === 'Content-Length' ? String(body.length).padStart(width) : (values[name] ?? null);
    if (value === null) continue;
    // Vias and challenges are lines already, cleaned one by one: the line ends in them are ours.
    if (name === 'Challenge') lines.push(value);
    else lines.push(`${name}: ${name === 'Via' ? value : cleanLine(value)}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

function tagTo(event: TrapEvent, settings: RenderSettings, callTag: string | null): string | null {
  const { message } = event;
  const value = message.header('to');
  if (value === null) return null;
  if (message.toTag !== null && message.toTag !== '') return value;
  return `${value};tag=${callTag ?? tagOf(event, settings)}`;
}

/** The To-tag of an answer; of an INVITE always one that proves who sends it back. */
export function tagOf(event: TrapEvent, { persona, secret }: RenderSettings): string {
  const { message, source, receivedAtUs } = event;
  const { viaBranch } = message;
  if (persona.tagIsBranch && message.method !== 'INVITE' && isToken(viaBranch)) return viaBranch;
  return makeToTag(secret, source.address, message.callId ?? '', receivedAtUs, persona.tag);
}

const isToken = (text: string | null): text is string =>
  text !== null && /^[A-Za-z0-9\-.!%*_+`'~]{1,128}$/.test(text);

function challenge(event: TrapEvent, settings: RenderSettings, status: number): string {
  const { persona, secret, realm, algorithms } = settings;
  const { order, separator } = persona.challenge;
  const { address } = event.source;
  const nowUs = event.receivedAtUs;
  const nonce = makeNonce(secret, address, nowUs, persona.nonce);
  const opaque = order.includes('opaque') ? makeOpaque(secret, address, nowUs) : '';
  const name = status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate';
  const lines = algorithms.map((algorithm) => {
    const parts = {
      algorithm: `algorithm=${algorithm}`,
      realm: `realm="${realm.replace(/["\\]/g, '\\$&')}"`,
      nonce: `nonce="${nonce}"`,
      opaque: `opaque="${opaque}"`,
    };
    return `${name}: Digest ${order.map((part) => parts[part]).join(separator)}`;
  });
  return lines.join('\r\n');
}

/** Contact and Expires of a registration that was let in (RFC 3261 section 10.3). */
function bindingOf(message: SipMessage): Values {
  const [contact = ''] = splitList(message.contact ?? '', ',');
  const wanted = readParam(contact, 'expires') ?? message.header('expires') ?? '';
  const { standard, min, max } = REGISTERED_S;
  const asked = /^\d{1,9}$/.test(wanted) ? Number(wanted) : standard;
  if (asked === 0 || contact === '' || contact === '*') return { Expires: '0' };
  const seconds = Math.min(max, Math.max(min, asked));
  const open = contact.indexOf('<');
  const close = contact.indexOf('>', open);
  const uri =
    open !== -1 && close !== -1 ? contact.slice(open + 1, close) : contact.split(';', 1)[0];
  return {
    Expires: String(seconds),
    Contact: `<${(uri ?? '').slice(0, ECHO_CHARS_MAX)}>;expires=${seconds}`,
  };
}

/**
 * Host and port to name as ours: the address that the message came to; where the socket listens on
 * all addresses and so does not know it, the address that the sender used, else the realm.
 */
function contactOf(event: TrapEvent, settings: RenderSettings): string {
  const host = hostOf(event, settings);
  const place = `${isIP(host) === 6 ? `[${host}]` : host}:${event.local.port}`;
  return place + transportOf(event, settings);
}

/**
 * What another transport than UDP adds: chan_sip's build_contact() and sofia-sip write its name in
 * small letters, PJSIP in capitals.
 */
function transportOf({ transport }: TrapEvent, { persona }: RenderSettings): string {
  if (transport === 'udp') return '';
  return `;transport=${persona.contactCapitals ? transport.toUpperCase() : transport}`;
}

function hostOf({ local, message }: TrapEvent, { realm }: RenderSettings): string {
  if (local.address !== '0.0.0.0' && local.address !== '::') return local.address;
  const named = parseUri(message.requestUri ?? '').host;
  return named !== null && isIP(named) !== 0 ? named : realm;
}

/** Ports of RTP as PBXs choose them: even, 10000 to 19998. Nothing listens there. */
function mediaPort(event: TrapEvent, secret: Buffer): number {
  const hash = keyedHash(secret, `rtp ${event.source.address} ${event.message.callId ?? ''}`);
  return 10_000 + (Number.parseInt(hash.slice(0, 6), 16) % 5_000) * 2;
}

function writeSdp(event: TrapEvent, settings: RenderSettings): string {
  const { sdp, sdpInOptions } = settings.persona;
  const host = hostOf(event, settings);
  const where = `IN IP${isIP(host) === 6 ? 6 : 4} ${host}`;
  const isOptions = sdpInOptions && event.message.method === 'OPTIONS';
  const port = isOptions ? 0 : mediaPort(event, settings.secret);
  const hash = keyedHash(settings.secret, `sdp ${event.source.address}`);
  const session = Number.parseInt(hash.slice(0, 7), 16);
  return [
    'v=0',
    `o=${sdp.originUser} ${session} ${session} ${where}`,
    `s=${sdp.session}`,
    `c=${where}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${sdp.payloads}`,
    ...sdp.attributes.map((attribute) => `a=${attribute}`),
    '',
  ].join('\r\n');
}
