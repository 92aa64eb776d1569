import { LIMITS } from '../../common/limits.js';
import { isProven } from '../../model/proof.js';
import type { DigestCredentials } from '../../model/sip-message.js';
import type { TrapEvent } from '../../model/event.js';
import type { DialledNumber } from '../../sip/dialled-number.js';
import { contactHost } from '../../sip/headers/party.js';
import { calledUser, nameOfUser } from '../../sip/user-part.js';
import { likelyGuess } from './likely-guess.js';
import { calledNumber, digitsOf, numberKind, prefixOf, suffixOf } from './called-number.js';
import { networkOf } from './networks.js';
import { joinOddNames, joinOddUsers, longestHeaderBytes } from './odd-text.js';

/** The CEL types that a field can have. */
export type FieldType = 'string' | 'int' | 'bool' | 'list<string>';
export type FieldValue = string | number | boolean | readonly string[];

/** One thing that a rule can read of an event. Missing text is '', a missing number -1. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** One line for docs/RULES.md. */
  readonly doc: string;
  readonly read: (event: TrapEvent) => FieldValue;
  /** What is counted of it, where that is not what is read. */
  readonly counted?: (event: TrapEvent) => string;
}

/** The address as text; what is counted by it, or of it, is the source that it stands for. */
const ofSource = (name: string, doc: string): Field => ({
  name,
  type: 'string',
  doc,
  read: ({ source }) => source.address,
  counted: ({ source, identity = source.address }) => identity,
});

/** The network around the source's address. */
const ofNetwork = (name: string, doc: string): Field => ({
  name,
  type: 'string',
  doc,
  read: ({ source }) => networkOf(source.address),
});

type TextReader = (event: TrapEvent) => string | null;

/** Patterns look through what they are given: a header as long as a message must not cost more. */
const text = (name: string, doc: string, read: TextReader): Field => ({
  name,
  type: 'string',
  doc,
  read: (event) => (read(event) ?? '').slice(0, LIMITS.conditionTextBytesMax),
});

const number = (name: string, doc: string, read: (e: TrapEvent) => number | null): Field => ({
  name,
  type: 'int',
  doc,
  read: (event) => read(event) ?? -1,
});

const list = (name: string, doc: string, read: (e: TrapEvent) => readonly string[]): Field => ({
  name,
  type: 'list<string>',
  doc,
  read,
});

const flag = (name: string, doc: string, read: (e: TrapEvent) => boolean): Field => ({
  name,
  type: 'bool',
  doc,
  read,
});

const auth = (key: keyof DigestCredentials, doc: string): Field =>
  text(`auth_${key}`, doc, (event) => event.message.authorization?.[key] ?? null);

/**
 * What stands for one tried password, so that the same wrong one tried again is not a new guess.
 * Without qop (svcrack says `auth` and
 * computes without) the response to one challenge is a function of the password alone. With qop each
 * request has another response; there a phone shows itself by keeping its From tag and Call-ID over
 * a registration (RFC 3261, 10.2.4), which guessing tools change from guess to guess.
 */
function readGuess(event: TrapEvent): string | null {
  const credentials = event.message.authorization;
  if (credentials === null || credentials.response === '') return null;
  const { qop, cnonce, nc } = credentials;
  if (qop === '' || (cnonce === '' && nc === '')) return credentials.response;
  // With another's nonce besides, as a phone has it from the server that it belongs to, nothing tells.
  if (!isProven(event.proof)) return null;
  return `${event.message.fromTag ?? ''} ${event.message.callId ?? ''}`;
}

/** What a response is made from beside user and password: only those of one challenge compare. */
function readChallenge({ message }: TrapEvent): string | null {
  const credentials = message.authorization;
  if (credentials === null || credentials.response === '') return null;
  return `${message.method ?? ''} ${credentials.nonce} ${credentials.uri}`;
}

function readAccount({ message }: TrapEvent): string | null {
  const { authorization, fromUser } = message;
  return authorization?.username ? authorization.username : nameOfUser(fromUser);
}

/** Host of the first Contact: where a phone says that it is, its own address behind a NAT. */
function readContactHost({ message }: TrapEvent): string | null {
  const { contact } = message;
  return contact === null ? null : contactHost(contact);
}

/** The number that the event dials, read by one of the ways to look at it. */
function readNumber(event: TrapEvent, look: (number: DialledNumber) => string): string | null {
  const number = calledNumber(calledUser(event.message) ?? '');
  return number === null ? null : look(number);
}

function readBody({ message }: TrapEvent): string {
  const { bytes, bodyOffset } = message;
  if (bodyOffset >= bytes.length) return '';
  return bytes.toString('latin1', bodyOffset, bodyOffset + LIMITS.conditionTextBytesMax);
}

/**
 * Every field of `event` in a condition, in `count.by` and in `count.distinct`. One table, so that
 * the language, the counting and the documentation cannot differ.
 */
export const FIELDS: readonly Field[] = [
  text('kind', '`request`, `response` or `other` (no SIP start line)', (e) => e.message.kind),
  text('method', 'request method as sent; of a response the CSeq method', (e) => e.message.method),
  number('status_code', 'status code of a response', (e) => e.message.statusCode),
  text('request_uri', 'the Request-URI', (e) => e.message.requestUri),
  text(
    'request_user',
    'whom it is for: user part of the Request-URI, of an INVITE or MESSAGE without one that of To',
    (e) => nameOfUser(calledUser(e.message)),
  ),
  text('from_user', 'user part of the From URI', (e) => nameOfUser(e.message.fromUser)),
  text('from_host', 'host part of the From URI', (e) => e.message.fromHost),
  text('from_tag', 'tag of the From header', (e) => e.message.fromTag),
  text('to_user', 'user part of the To URI', (e) => nameOfUser(e.message.toUser)),
  text('to_host', 'host part of the To URI', (e) => e.message.toHost),
  text('to_tag', 'tag of the To header; empty outside a dialog', (e) => e.message.toTag),
  flag(
    'in_dialog',
    'true when the To-tag is one that we gave: the message belongs to what was begun here',
    (e) => e.inDialog === true,
  ),
  text('call_id', 'Call-ID', (e) => e.message.callId),
  number('cseq', 'number of the CSeq header', (e) => e.message.cseqNumber),
  text('cseq_method', 'method of the CSeq header', (e) => e.message.cseqMethod),
  text('via_branch', 'branch of the topmost Via', (e) => e.message.viaBranch),
  text('user_agent', 'User-Agent', (e) => e.message.userAgent),
  text('contact', 'the first Contact, whole', (e) => e.message.contact),
  text('contact_host', 'host of the first Contact, in lower case', readContactHost),
  text('content_type', 'Content-Type', (e) => e.message.contentType),
  auth('username', 'user name of the digest credentials (RFC 7616)'),
  auth('realm', 'realm of the digest credentials'),
  auth('nonce', 'nonce of the digest credentials'),
  auth('uri', 'uri of the digest credentials'),
  auth('response', 'response of the digest credentials'),
  auth('qop', 'qop of the digest credentials'),
  text(
    'likely_password',
    'the password that was tried, when it is the user name, what is made of it, or one of some forty words; of proven events',
    likelyGuess,
  ),
  text(
    'auth_guess',
    'stands for one tried password: equal when it was only tried again',
    readGuess,
  ),
  text(
    'auth_challenge',
    'method, nonce and digest URI: what the response is made from beside user and password',
    readChallenge,
  ),
  text(
    'called_number',
    'the number that is called, whatever way it is spelled: `+` and digits, nine characters at least',
    (e) => readNumber(e, digitsOf),
  ),
  text('number_suffix', 'its last nine digits', (e) => readNumber(e, suffixOf)),
  text(
    'number_prefix',
    'what stands before them: dial prefix, country, area; `-` for nothing',
    (e) => readNumber(e, prefixOf),
  ),
  text(
    'number_kind',
    '`premium`, `satellite`, `network`, `personal` or `high-risk`, behind any dial prefix',
    (e) => readNumber(e, numberKind),
  ),
  text('transport', '`udp`, `tcp`, `tls`, `ws` or `wss`', (e) => e.transport),
  ofSource(
    'source',
    'address that the message came from; in `count` the whole source, for IPv6 its /64 (`prefix_ipv6`)',
  ),
  ofNetwork('source_prefix', 'its /24, or for IPv6 its /48'),
  ofNetwork('source_site', 'the same, by an earlier name'),
  number('asn', 'its autonomous system, where that is known', (e) => e.asn ?? null),
  number('source_port', 'port that the message came from', (e) => e.source.port),
  text('local', 'address of ours that it was sent to', (e) => e.local.address),
  number('local_port', 'port of ours that it was sent to', (e) => e.local.port),
  text(
    'account',
    'of whom a request is: the user name of its credentials, else the user part of From',
    readAccount,
  ),
  text('sensor', 'where it was seen: `trap`, `hep`, `capture` or `log`', (e) => e.sensor ?? 'trap'),
  text(
    'outcome',
    'what the PBX made of it: `challenged`, `failed`, `unknown_account`, `refused`, `not_found`, `answered`, `succeeded` or `unanswered`; of a trap `none`',
    (e) => e.outcome ?? 'none',
  ),
  flag(
    'vouched',
    'true when somebody logged in to the PBX from its source within the last hour',
    (e) => e.vouched === true,
  ),
  text('proof', '`none`, `nonce`, `dialog`, `tcp` or `tls`', (e) => e.proof),
  flag('proven', 'true when `proof` is not `none`', (e) => isProven(e.proof)),
  number('size', 'bytes of the message', (e) => e.message.bytes.length),
  text('body', 'the body, its first 8192 bytes', readBody),
  number('longest_header', 'bytes of the longest header line', longestHeaderBytes),
  text(
    'odd_users',
    'the user parts (Contact too), their escapes undone, and the digest user name, when one has characters that no name needs; an escape that is left was escaped twice',
    joinOddUsers,
  ),
  text(
    'odd_names',
    'the display names of From and To, when one has a character of markup or of a command',
    joinOddNames,
  ),
  text('anomaly_names', 'the anomalies as one text, a blank between', (e) =>
    e.message.anomalies.length === 0 ? null : [...new Set(e.message.anomalies)].sort().join(' '),
  ),
  list('header_names', 'header names, lower case, in order', (e) => e.message.headerNames()),
  list('anomalies', 'names of the oddities found while parsing', (e) => e.message.anomalies),
];

/** Fields that follow from the source's address alone. */
export const SOURCE_FIELDS: ReadonlySet<string> = new Set([
  'source',
  'source_prefix',
  'source_site',
  'asn',
]);

const BY_NAME: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [field.name, field]));

/** The field of that name, or null. */
export const fieldNamed = (name: string): Field | null => BY_NAME.get(name) ?? null;
