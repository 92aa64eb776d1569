import { isIP } from 'node:net';
import type { TrapEvent } from '../../model/event.js';
import type { SipMessage } from '../../model/sip-message.js';
import { readParam, splitList } from '../../sip/headers/params.js';
import { parseUri } from '../../sip/headers/uri.js';
import { cleanLine } from './clean-line.js';
import { unsupportedOf } from '../decide-answer.js';
import { keyedHash } from '../proof/keyed-hash.js';
import { makeNonce, makeOpaque, makeToTag } from '../proof/nonce.js';
import type { AnswerHeader, AnswerKind, Persona } from '../persona.js';
import { answerForms, hasSdp, VARIABLE, type PreparedAnswer } from './prepare-answer.js';
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

/** What the variable headers are written from, and those that are written already. */
interface Request {
  readonly event: TrapEvent;
  readonly settings: RenderSettings;
  readonly as: AnswerKind;
  readonly status: number;
  readonly toTag: string | null;
  /** By the place of the header in VARIABLE. */
  readonly lines: (string | undefined)[];
}

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
  const request: Request = { event, settings, as, status, toTag, lines: [] };
  let body = hasSdp(as, persona) ? writeSdp(event, settings) : '';
  for (const form of answerForms(persona, as, status)) {
    const text = write(form, request, body);
    // One byte a character.
    if (text.length <= bytesMax) return Buffer.from(text, 'latin1');
    body = '';
  }
  return null;
}

function write({ texts, slots }: PreparedAnswer, request: Request, body: string): string {
  let text = '';
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index] ?? 0;
    const name = VARIABLE[slot];
    text += texts[index] ?? '';
    if (name === 'Content-Length') text += lengthLine(request.settings.persona, body);
    else if (name !== undefined) text += request.lines[slot] ??= lineOf(name, request);
  }
  return text + (texts[slots.length] ?? '') + body;
}

const lengthLine = ({ lengthWidth }: Persona, body: string): string =>
  `\r\nContent-Length: ${String(body.length).padStart(lengthWidth.body)}`;

/** A header with its line end before it; '' where this request has none of it. */
function lineOf(name: AnswerHeader, request: Request): string {
  const { event, settings } = request;
  const { message } = event;
  switch (name) {
    // Vias and challenges are lines already, cleaned one by one: the line ends in them are ours.
    case 'Via':
      return `\r\nVia: ${echoVias(message.headers('via'), event.source, settings.persona.via)}`;
    case 'Challenge':
      return `\r\n${challenge(event, settings, request.status)}`;
    default: {
      const value = valueOf(name, request);
      return value === null ? '' : `\r\n${name}: ${cleanLine(value)}`;
    }
  }
}

function valueOf(name: AnswerHeader, request: Request): string | null {
  const { event, settings, as, status, toTag } = request;
  const { message } = event;
  switch (name) {
    case 'From':
      return message.header('from');
    case 'To':
      return status === 100 ? message.header('to') : tagTo(event, settings, toTag);
    case 'Call-ID':
      return message.callId;
    case 'CSeq':
      return message.header('cseq');
    case 'Date':
      return dateOf(event.receivedAtUs);
    case 'Unsupported':
      return unsupportedOf(message).slice(0, ECHO_CHARS_MAX);
    case 'Expires':
      return bindingOf(message).expires;
    case 'Contact':
      return as === 'registered'
        ? bindingOf(message).contact
        : `<sip:${contactOf(event, settings)}>`;
    default:
      return null;
  }
}

/** The text of the second that was asked for last: most answers are of the same one. */
let lastDate = { second: Number.NaN, text: '' };

function dateOf(us: number): string {
  const second = Math.floor(us / 1_000_000);
  if (second !== lastDate.second) {
    lastDate = { second, text: new Date(second * 1_000).toUTCString() };
  }
  return lastDate.text;
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
      realm: `realm="${quoted(realm)}"`,
      nonce: `nonce="${nonce}"`,
      opaque: `opaque="${opaque}"`,
    };
    return `${name}: Digest ${order.map((part) => parts[part]).join(separator)}`;
  });
  return lines.join('\r\n');
}

/** The realm that was asked for last: it is the operator's, and seldom changes. */
let lastQuoted = { text: '', quoted: '' };

function quoted(text: string): string {
  if (text !== lastQuoted.text) {
    lastQuoted = { text, quoted: text.replace(/["\\]/g, '\\$&') };
  }
  return lastQuoted.quoted;
}

interface Binding {
  readonly expires: string;
  readonly contact: string | null;
}

/** Contact and Expires of a registration that was let in (RFC 3261 section 10.3). */
function bindingOf(message: SipMessage): Binding {
  const [contact = ''] = splitList(message.contact ?? '', ',');
  const wanted = readParam(contact, 'expires') ?? message.header('expires') ?? '';
  const { standard, min, max } = REGISTERED_S;
  const asked = /^\d{1,9}$/.test(wanted) ? Number(wanted) : standard;
  if (asked === 0 || contact === '' || contact === '*') return { expires: '0', contact: null };
  const seconds = Math.min(max, Math.max(min, asked));
  const open = contact.indexOf('<');
  const close = contact.indexOf('>', open);
  const uri =
    open !== -1 && close !== -1 ? contact.slice(open + 1, close) : contact.split(';', 1)[0];
  return {
    expires: String(seconds),
    contact: `<${(uri ?? '').slice(0, ECHO_CHARS_MAX)}>;expires=${seconds}`,
  };
}

/**
 * Host and port to name as ours: the address that the message came to; where the socket listens on
 * all addresses and so does not know it, the address that the sender used, else the realm.
 */
function contactOf(event: TrapEvent, settings: RenderSettings): string {
  const { address, port } = event.local;
  const transport = transportOf(event, settings);
  // Nearly always so, and cheaper than to ask what kind of address it is.
  if (address !== '0.0.0.0' && !address.includes(':')) return `${address}:${port}${transport}`;
  const host = hostOf(event, settings);
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}${transport}`;
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
