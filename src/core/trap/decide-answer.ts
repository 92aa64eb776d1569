import type { TrapEvent } from '../model/event.js';
import type { SipMessage } from '../model/sip-message.js';
import { splitList } from '../sip/headers/params.js';
import { findCall, type Call, type CallTable } from './calls.js';
import { isLetIn, type Lure } from './proof/lure.js';
import { isBadBinding, isMalformed, isOtherVersion, isSip } from './malformed.js';
import type { AnswerKind, MethodPolicy, Persona } from './persona.js';
import { concernsPlausibleUser } from './plausible.js';

/** What is to be answered, before it is known whether it may be. */
export type Decision =
  | { readonly kind: 'none' }
  | { readonly kind: 'answer'; readonly as: AnswerKind; readonly status: number }
  /** The INVITE of one who was let in: 100, 180 and 200, and a call. */
  | { readonly kind: 'begin-call' }
  /** The INVITE of a call that is in progress, sent again or anew: 200 with the same SDP. */
  | { readonly kind: 'repeat-call'; readonly call: Call }
  | { readonly kind: 'confirm-call'; readonly call: Call }
  | { readonly kind: 'end-call'; readonly call: Call; readonly how: 'bye' | 'cancel' };

export interface DecisionContext {
  readonly persona: Persona;
  readonly realm: string;
  readonly secret: Buffer;
  /** Null: nobody is let in. */
  readonly lure: Lure | null;
  readonly calls: CallTable;
}

const NONE: Decision = { kind: 'none' };
const answer = (as: AnswerKind, status: number): Decision => ({ kind: 'answer', as, status });

/** Option tags of Require that PBXs do not choke on. */
const EXTENSIONS: ReadonlySet<string> = new Set([
  '100rel',
  'timer',
  'replaces',
  'path',
  'outbound',
]);

/**
 * What the PBX of the persona answers, in the order of RFC 3261 section 8.2: version, syntax,
 * method, URI, Max-Forwards, dialog, Require, body, then the method's own. Nothing is answered to a
 * response, to an ACK, to what is no SIP, or to a request without Via, by which an answer is known.
 * Changes nothing; hangs on no state but the calls in progress.
 */
export function decideAnswer(event: TrapEvent, context: DecisionContext): Decision {
  const { message } = event;
  if (message.kind !== 'request') return NONE;
  const call = findCall(context.calls, event);
  if (message.method === 'ACK') return call === null ? NONE : { kind: 'confirm-call', call };
  if (message.header('via') === null) return NONE;
  if (isOtherVersion(message)) return answer('refused', 505);
  if (isMalformed(message)) return answer('refused', 400);
  const refusal = refuse(message, context.persona);
  if (refusal !== null) return refusal;
  return call === null ? decideOutside(event, context) : decideInCall(message, call);
}

function policyOf(persona: Persona, method: string): MethodPolicy {
  // The method is packet text: `constructor` must not find anything.
  const known = Object.hasOwn(persona.methods, method) ? persona.methods[method] : undefined;
  return known ?? persona.methods.other;
}

function refuse(message: SipMessage, persona: Persona): Decision | null {
  const method = message.method ?? '';
  const policy = policyOf(persona, method);
  if (policy === 405 || policy === 501) return answer('method', policy);
  if (method === 'REGISTER' && isBadBinding(message)) return answer('refused', 400);
  if (!isServed(message)) return answer('refused', 416);
  // OPTIONS is answered by whom it reaches, whatever its Max-Forwards (RFC 3261 section 11).
  if (method !== 'OPTIONS' && Number(message.header('max-forwards') ?? 1) === 0) {
    return answer('refused', 483);
  }
  if (method !== 'CANCEL' && unsupportedOf(message) !== '') return answer('extension', 420);
  if (hasForeignBody(message)) return answer('media', 415);
  return method === 'INVITE' && !acceptsSdp(message) ? answer('refused', 406) : null;
}

/** A caller who takes no SDP cannot be called (RFC 3261 section 13.3.1, RFC 4475 section 3.3.15). */
function acceptsSdp(message: SipMessage): boolean {
  const values = message.headers('accept');
  return values.length === 0 || values.some((value) => SDP_RANGE.test(value));
}

const SDP_RANGE = /(?:^|,)\s*(?:application\/(?:sdp(?![\w.+-])|\*)|\*\/\*|multipart\/)/i;

/** A PBX serves sip and sips, and takes calls to tel (RFC 3261 section 8.2.2.1). */
function isServed({ requestUri, method }: SipMessage): boolean {
  const uri = requestUri ?? '';
  return isSip(uri) || (method === 'INVITE' && /^tel:/i.test(uri));
}

/** The option tags of Require that we do not know, as Unsupported lists them (section 8.2.2.3). */
export function unsupportedOf(message: SipMessage): string {
  const required = message.header('require');
  if (required === null) return '';
  return splitList(required, ',')
    .filter((tag) => tag !== '' && !EXTENSIONS.has(tag.toLowerCase()))
    .join(', ');
}

const CALL_BODY = /^(?:application\/sdp|multipart\/)/i;
const TEXT_BODY = /^(?:text\/|multipart\/|message\/cpim|application\/im-iscomposing)/i;

function hasForeignBody({ method, contentType, bytes, bodyOffset }: SipMessage): boolean {
  if (contentType === null || bodyOffset >= bytes.length) return false;
  if (method === 'INVITE') return !CALL_BODY.test(contentType);
  return method === 'MESSAGE' && !TEXT_BODY.test(contentType);
}

/** Methods that may carry a To-tag without belonging to a call. */
const OUTSIDE: ReadonlySet<string> = new Set(['OPTIONS', 'REGISTER', 'CANCEL', 'BYE']);

function decideOutside(event: TrapEvent, context: DecisionContext): Decision {
  const { message } = event;
  const { persona } = context;
  const method = message.method ?? '';
  const policy = policyOf(persona, method);
  if (policy === 'options') return answer('options', 200);
  const inDialog = message.toTag !== null && message.toTag !== '';
  if (inDialog && !OUTSIDE.has(method)) return answer('refused', 481);
  const plausible = concernsPlausibleUser(message);
  if (policy !== 'challenge') {
    return answer('refused', method === 'INVITE' && !plausible ? 404 : policy);
  }
  if (!plausible) return answer('refused', 404);
  if (context.lure !== null && isLetIn(event, context.lure, context)) return serve(method);
  if (method === 'REGISTER') return answer('challenge', 401);
  return answer(method === 'INVITE' ? 'call-challenge' : 'challenge', persona.challengeStatus);
}

/** What one who was let in gets. We never send a request, so nobody is subscribed to anything. */
function serve(method: string): Decision {
  switch (method) {
    case 'REGISTER':
      return answer('registered', 200);
    case 'INVITE':
      return { kind: 'begin-call' };
    case 'MESSAGE':
      return answer('done', 200);
    default:
      return answer('refused', 489);
  }
}

function decideInCall(message: SipMessage, call: Call): Decision {
  switch (message.method) {
    case 'BYE':
      return { kind: 'end-call', call, how: 'bye' };
    case 'CANCEL':
      return message.cseqNumber === call.cseqNumber
        ? { kind: 'end-call', call, how: 'cancel' }
        : answer('refused', 481);
    case 'INVITE':
      return { kind: 'repeat-call', call };
    case 'REFER':
      return answer('refused', 603);
    default:
      return answer('done', 200);
  }
}
