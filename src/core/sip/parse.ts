import type { Anomaly } from '../model/anomaly.js';
import type { DigestCredentials, SipMessage } from '../model/sip-message.js';
import { findAnomalies } from './anomalies.js';
import { nameForeign } from './classify.js';
import { parseDigest } from './digest.js';
import { headerCode, indexLines } from './header-index.js';
import { compactCode, fullName, valueOffset } from './header-name.js';
import { parseNameAddr } from './name-addr.js';
import { findOutsideQuotes, readParam } from './params.js';
import { scanHead, type Head } from './scan.js';
import { parseStartLine, type StartLine } from './start-line.js';
import { parseUri } from './uri.js';

/** Who a From or To names. */
interface Party {
  readonly user: string | null;
  readonly host: string | null;
  readonly tag: string | null;
}

const COMMA = 44;
const COLON = 58;

interface Cseq {
  readonly number: number | null;
  readonly method: string | null;
}

/** What was read already; undefined: not asked for yet. */
interface Memo {
  /** A code for each header line (header-index.ts), and its value. */
  lines: readonly number[] | undefined;
  readonly values: (string | undefined)[];
  anomalies: readonly Anomaly[] | undefined;
  cseq: Cseq | undefined;
  viaBranch: string | null | undefined;
  from: Party | undefined;
  to: Party | undefined;
  requestUser: string | null | undefined;
  authorization: DigestCredentials | null | undefined;
}

interface Parsed extends SipMessage {
  readonly bytes: Buffer;
  readonly kind: SipMessage['kind'];
  readonly bodyOffset: number;
  readonly head: Head;
  readonly start: StartLine;
  readonly memo: Memo;
}

/**
 * Reads one SIP message, or names what the bytes are instead. Never throws, whatever the bytes;
 * linear in their length. Reads the start line and the offsets of the headers at once, all else
 * when it is asked for, and then once. The texts it gives out do not hold on to the message.
 * The bytes must not change afterwards. RFC 3261, liberal as RFC 4475 asks.
 */
export function parseMessage(bytes: Buffer): SipMessage {
  const head = scanHead(bytes);
  const start = parseStartLine(head.startLine);
  // A prototype in place of a class keeps the readers out of every message: 40 closures saved.
  const message = Object.create(READERS) as Writable<Parsed>;
  message.bytes = bytes;
  message.kind = start.kind;
  message.bodyOffset = start.kind === 'other' ? bytes.length : head.bodyOffset;
  message.head = head;
  message.start = start;
  message.memo = {
    lines: undefined,
    values: [],
    anomalies: undefined,
    cseq: undefined,
    viaBranch: undefined,
    from: undefined,
    to: undefined,
    requestUser: undefined,
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
    return (this.memo.anomalies ??= readAnomalies(this));
  },
  get callId() {
    return this.header('call-id');
  },
  get cseqNumber() {
    return (this.memo.cseq ??= readCseq(this)).number;
  },
  get cseqMethod() {
    return (this.memo.cseq ??= readCseq(this)).method;
  },
  get viaBranch() {
    if (this.memo.viaBranch === undefined) this.memo.viaBranch = readBranch(this);
    return this.memo.viaBranch;
  },
  get userAgent() {
    return this.header('user-agent');
  },
  get fromUser() {
    return (this.memo.from ??= readParty(this, 'from')).user;
  },
  get fromHost() {
    return (this.memo.from ??= readParty(this, 'from')).host;
  },
  get fromTag() {
    return (this.memo.from ??= readParty(this, 'from')).tag;
  },
  get toUser() {
    return (this.memo.to ??= readParty(this, 'to')).user;
  },
  get toHost() {
    return (this.memo.to ??= readParty(this, 'to')).host;
  },
  get toTag() {
    return (this.memo.to ??= readParty(this, 'to')).tag;
  },
  get requestUser() {
    if (this.memo.requestUser === undefined) {
      const uri = this.requestUri;
      this.memo.requestUser = uri === null ? null : parseUri(bare(uri)).user;
    }
    return this.memo.requestUser;
  },
  get contact() {
    return this.header('contact');
  },
  get contentType() {
    return this.header('content-type');
  },
  get authorization() {
    if (this.memo.authorization === undefined) this.memo.authorization = readDigest(this);
    return this.memo.authorization;
  },
  header(name: string): string | null {
    if (this.kind === 'other') return null;
    const code = headerCode(name);
    if (code === 0) return searchLines(this, name, null);
    const lines = linesOf(this);
    for (let line = 0; line < lines.length; line += 1) {
      if (lines[line] === code) return valueOf(this, line);
    }
    return null;
  },
  headers(name: string): readonly string[] {
    const values: string[] = [];
    if (this.kind === 'other') return values;
    const code = headerCode(name);
    if (code === 0) {
      searchLines(this, name, values);
      return values;
    }
    const lines = linesOf(this);
    for (let line = 0; line < lines.length; line += 1) {
      if (lines[line] === code) values.push(valueOf(this, line));
    }
    return values;
  },
  headerNames(): readonly string[] {
    return this.kind === 'other' ? [] : readNames(this.bytes, this.head.spans);
  },
};

function readAnomalies(message: Parsed): readonly Anomaly[] {
  const { start, head } = message;
  if (start.kind === 'other') return [nameForeign(message.bytes, head.startLine)];
  return findAnomalies(message, head, linesOf(message), start.anomalies);
}

const linesOf = (message: Parsed): readonly number[] =>
  (message.memo.lines ??= indexLines(message.bytes, message.head.spans));

/** The value of an indexed line. No name holds a colon, so that the first one ends it. */
function valueOf({ bytes, head, memo }: Parsed, line: number): string {
  const known = memo.values[line];
  if (known !== undefined) return known;
  let at = head.spans[line * 2] ?? 0;
  while (bytes[at] !== COLON) at += 1;
  const value = unfold(bytes, at + 1, head.spans[line * 2 + 1] ?? 0);
  memo.values[line] = value;
  return value;
}

/** Looks for a header that is not indexed: its first value, or, into `all`, every one of them. */
function searchLines({ bytes, head }: Parsed, name: string, all: string[] | null): string | null {
  const { spans } = head;
  const letter = compactCode(name);
  for (let index = 0; index < spans.length; index += 2) {
    const end = spans[index + 1] ?? 0;
    const offset = valueOffset(bytes, spans[index] ?? 0, end, name, letter);
    if (offset === -1) continue;
    const value = unfold(bytes, offset, end);
    if (all === null) return value;
    all.push(value);
  }
  return null;
}

/** The value trimmed, each fold with its blanks made one blank (RFC 3261 section 7.3.1). */
function unfold(bytes: Buffer, from: number, to: number): string {
  let begin = from;
  let end = to;
  while (begin < end && isBlank(bytes[begin])) begin += 1;
  while (end > begin && isBlank(bytes[end - 1])) end -= 1;
  const text = bytes.toString('latin1', begin, end);
  return text.includes('\n') ? text.replace(/\r?\n[ \t]+/g, ' ') : text;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === 13 || byte === 10;
}

function readNames(bytes: Buffer, spans: readonly number[]): string[] {
  const names: string[] = [];
  for (let index = 0; index < spans.length; index += 2) {
    const line = bytes.toString('latin1', spans[index], spans[index + 1]);
    const colon = line.indexOf(':');
    if (colon !== -1) names.push(fullName(line.slice(0, colon).trimEnd()));
  }
  return names;
}

function readCseq(message: SipMessage): Cseq {
  const value = message.header('cseq') ?? '';
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

function readBranch(message: SipMessage): string | null {
  const via = message.header('via');
  if (via === null) return null;
  const comma = via.indexOf(',');
  const first = comma === -1 ? via : via.slice(0, findOutsideQuotes(via, COMMA, COMMA, 0));
  return readParam(first, 'branch');
}

function readParty(message: SipMessage, name: 'from' | 'to'): Party {
  const value = message.header(name);
  if (value === null) return { user: null, host: null, tag: null };
  const address = parseNameAddr(value);
  const uri = parseUri(address.uri.trim());
  return { user: uri.user, host: uri.host, tag: readParam(address.params, 'tag') };
}

function readDigest(message: SipMessage): DigestCredentials | null {
  for (const name of ['authorization', 'proxy-authorization']) {
    for (const value of message.headers(name)) {
      const credentials = parseDigest(value);
      if (credentials !== null) return credentials;
    }
  }
  return null;
}

/** The Request-URI without the brackets that some put around it (RFC 4475 section 3.1.2.7). */
function bare(uri: string): string {
  return uri.startsWith('<') && uri.endsWith('>') ? uri.slice(1, -1) : uri;
}
