import type { Anomaly } from '../model/anomaly.js';
import type { DigestCredentials, SipMessage } from '../model/sip-message.js';
import { findAnomalies } from './anomalies.js';
import { nameForeign } from './classify.js';
import { parseDigest } from './headers/digest.js';
import { headerCode } from './headers/header-index.js';
import { fullName } from './headers/header-name.js';
import { allValues, codesOf, firstValue, searchLines, valueOf } from './lines.js';
import type { Lines } from './lines.js';
import { isOrdinary } from './ordinary.js';
import { findOutsideQuotes, readParam } from './headers/params.js';
import { readParty } from './headers/party.js';
import type { Party } from './headers/party.js';
import { isPlainUri, isPlainVia, plainParts } from './plain.js';
import { scanHead, type Head } from './scan.js';
import { parseStartLine, type StartLine } from './start-line.js';
import { parseUri } from './headers/uri.js';

const COMMA = 44;
const CALL_ID = headerCode('call-id');
const CSEQ = headerCode('cseq');
const VIA = headerCode('via');
const FROM = headerCode('from');
const TO = headerCode('to');
const USER_AGENT = headerCode('user-agent');
const CONTACT = headerCode('contact');
const CONTENT_TYPE = headerCode('content-type');
const CREDENTIALS = [headerCode('authorization'), headerCode('proxy-authorization')];
/** What nearly every message has. */
const NO_ANOMALIES: readonly Anomaly[] = [];

interface Cseq {
  readonly number: number | null;
  readonly method: string | null;
}

/** What was read already; undefined: not asked for yet. */
interface Memo {
  /** What the transport noted: given, not found. */
  readonly noted: readonly Anomaly[];
  anomalies: readonly Anomaly[] | undefined;
  cseq: Cseq | undefined;
  via: Via | undefined;
  from: Party | undefined;
  to: Party | undefined;
  request: RequestUri | undefined;
  authorization: DigestCredentials | null | undefined;
}

/** The topmost Via. */
interface Via {
  readonly branch: string | null;
  /** true: its line has the everyday form, in which nothing is odd. */
  readonly plain: boolean;
}

interface RequestUri {
  readonly user: string | null;
  readonly plain: boolean;
}

interface Parsed extends SipMessage {
  readonly bytes: Buffer;
  readonly kind: SipMessage['kind'];
  readonly bodyOffset: number;
  readonly head: Head;
  readonly start: StartLine;
  readonly lines: Lines;
  readonly memo: Memo;
}

/**
 * Reads one SIP message, or names what the bytes are instead. Never throws, whatever the bytes;
 * linear in their length. Reads the start line and the offsets of the headers at once, all else
 * when it is asked for, and then once. The texts it gives out do not hold on to the message.
 * `noted` is what the transport found odd. The bytes must not change afterwards. RFC 3261, liberal as RFC 4475 asks.
 */
export function parseMessage(bytes: Buffer, noted: readonly Anomaly[] = NO_ANOMALIES): SipMessage {
  const head = scanHead(bytes);
  const start = parseStartLine(head.startLine);
  // A prototype in place of a class keeps the readers out of every message: 40 closures saved.
  const message = Object.create(READERS) as Writable<Parsed>;
  message.bytes = bytes;
  message.kind = start.kind;
  message.bodyOffset = start.kind === 'other' ? bytes.length : head.bodyOffset;
  message.head = head;
  message.start = start;
  message.lines = { bytes, head, codes: undefined, values: [] };
  message.memo = {
    noted,
    anomalies: undefined,
    cseq: undefined,
    via: undefined,
    from: undefined,
    to: undefined,
    request: undefined,
    authorization: undefined,
  };
  return message;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const READERS: Omit<SipMessage, 'bytes' | 'kind' | 'bodyOffset'> & ThisType<Parsed> = {
  get method() {
    return this.start.kind === 'request' ? this.start.method : this.cseqMethod;
  },
  get requestUri() {
    return this.start.kind === 'request' ? this.start.requestUri : null;
  },
  get statusCode() {
    return this.start.kind === 'response' ? this.start.statusCode : null;
  },
  get anomalies() {
    const { memo } = this;
    if (memo.anomalies !== undefined) return memo.anomalies;
    const found = readAnomalies(this);
    return (memo.anomalies = memo.noted.length === 0 ? found : [...found, ...memo.noted]);
  },
  get callId() {
    return valueWith(this, CALL_ID);
  },
  get cseqNumber() {
    return (this.memo.cseq ??= readCseq(this)).number;
  },
  get cseqMethod() {
    return (this.memo.cseq ??= readCseq(this)).method;
  },
  get viaBranch() {
    return (this.memo.via ??= readVia(valueWith(this, VIA))).branch;
  },
  get userAgent() {
    return valueWith(this, USER_AGENT);
  },
  get fromUser() {
    return (this.memo.from ??= readParty(valueWith(this, FROM))).user;
  },
  get fromHost() {
    return (this.memo.from ??= readParty(valueWith(this, FROM))).host;
  },
  get fromTag() {
    return (this.memo.from ??= readParty(valueWith(this, FROM))).tag;
  },
  get toUser() {
    return (this.memo.to ??= readParty(valueWith(this, TO))).user;
  },
  get toHost() {
    return (this.memo.to ??= readParty(valueWith(this, TO))).host;
  },
  get toTag() {
    return (this.memo.to ??= readParty(valueWith(this, TO))).tag;
  },
  get requestUser() {
    return (this.memo.request ??= readRequestUri(this.requestUri)).user;
  },
  get contact() {
    return valueWith(this, CONTACT);
  },
  get contentType() {
    return valueWith(this, CONTENT_TYPE);
  },
  get authorization() {
    if (this.memo.authorization === undefined) this.memo.authorization = readDigest(this);
    return this.memo.authorization;
  },
  header(name: string): string | null {
    if (this.kind === 'other') return null;
    const code = headerCode(name);
    return code === 0 ? searchLines(this.lines, name, null) : firstValue(this.lines, code);
  },
  headers(name: string): readonly string[] {
    return this.kind === 'other' ? [] : allValues(this.lines, name);
  },
  headerNames(): readonly string[] {
    return this.kind === 'other' ? [] : readNames(this.bytes, this.head.spans);
  },
};

function readAnomalies(message: Parsed): readonly Anomaly[] {
  const { start, head, lines, kind } = message;
  if (kind === 'other' || start.kind === 'other') {
    return [nameForeign(message.bytes, head.startLine)];
  }
  if (start.anomalies.length === 0 && hasOrdinaryParts(message) && isOrdinary(lines)) {
    return NO_ANOMALIES;
  }
  return findAnomalies(message, head, codesOf(lines), start.anomalies);
}

/** True when Request-URI, CSeq, Via, From and To, which are kept as read, have nothing odd. */
function hasOrdinaryParts(message: Parsed): boolean {
  const { memo, kind, cseqNumber, cseqMethod } = message;
  if (cseqNumber === null || cseqNumber >= 2 ** 31) return false;
  memo.via ??= readVia(valueWith(message, VIA));
  memo.from ??= readParty(valueWith(message, FROM));
  memo.to ??= readParty(valueWith(message, TO));
  if (!memo.via.plain || !memo.from.plain || !memo.to.plain) return false;
  if (kind !== 'request') return true;
  memo.request ??= readRequestUri(message.requestUri);
  return memo.request.plain && cseqMethod === message.method;
}

/** The value of the first header with this code (header-index.ts). */
const valueWith = ({ kind, lines }: Parsed, code: number): string | null =>
  kind === 'other' ? null : firstValue(lines, code);

function readNames(bytes: Buffer, spans: readonly number[]): string[] {
  const names: string[] = [];
  for (let index = 0; index < spans.length; index += 2) {
    const line = bytes.toString('latin1', spans[index], spans[index + 1]);
    const colon = line.indexOf(':');
    if (colon !== -1) names.push(fullName(line.slice(0, colon).trimEnd()));
  }
  return names;
}

function readCseq(message: Parsed): Cseq {
  const value = valueWith(message, CSEQ) ?? '';
  let at = 0;
  let number = 0;
  for (; at < value.length && isDigit(value.charCodeAt(at)); at += 1) {
    number = number * 10 + value.charCodeAt(at) - 48;
  }
  const method = value.slice(at).trim();
  const blank = value.charAt(at) === ' ' || value.charAt(at) === '\t';
  if (at === 0 || !blank || /\s/.test(method)) return { number: null, method: null };
  return { number: number < 2 ** 32 ? number : null, method };
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function readVia(via: string | null): Via {
  if (via === null) return { branch: null, plain: false };
  if (isPlainVia(via)) {
    const { paramBegin, paramEnd } = plainParts;
    return { branch: paramBegin === -1 ? null : via.slice(paramBegin, paramEnd), plain: true };
  }
  const comma = via.indexOf(',');
  const first = comma === -1 ? via : via.slice(0, findOutsideQuotes(via, COMMA, COMMA, 0));
  return { branch: readParam(first, 'branch'), plain: false };
}

function readRequestUri(uri: string | null): RequestUri {
  if (uri === null) return { user: null, plain: false };
  if (!isPlainUri(uri)) return { user: parseUri(bare(uri)).user, plain: false };
  const { userBegin, userEnd } = plainParts;
  return { user: userBegin === -1 ? null : uri.slice(userBegin, userEnd), plain: true };
}

function readDigest({ kind, lines }: Parsed): DigestCredentials | null {
  if (kind === 'other') return null;
  const codes = codesOf(lines);
  for (const code of CREDENTIALS) {
    for (let line = codes.indexOf(code); line !== -1; line = codes.indexOf(code, line + 1)) {
      const credentials = parseDigest(valueOf(lines, line));
      if (credentials !== null) return credentials;
    }
  }
  return null;
}

/** The Request-URI without the brackets that some put around it (RFC 4475 section 3.1.2.7). */
function bare(uri: string): string {
  return uri.startsWith('<') && uri.endsWith('>') ? uri.slice(1, -1) : uri;
}
