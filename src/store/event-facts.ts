import { isUtf8 } from 'node:buffer';
import type { Anomaly } from '../core/model/anomaly.js';
import type { EventRecord } from '../core/model/event.js';
import type { DigestCredentials } from '../core/model/sip-message.js';
import { parseMessage } from '../core/sip/parse.js';
import { calledUser } from '../core/sip/user-part.js';

/** What the message of an event says, as text for a person. Unescaped: packet text is hostile. */
export interface EventFacts {
  readonly kind: 'request' | 'response' | 'other';
  readonly method: string | null;
  readonly requestUri: string | null;
  readonly statusCode: number | null;
  /** Whom an INVITE or MESSAGE is for, as it is written: user part of the Request-URI, else of To. */
  readonly calledNumber: string | null;
  readonly fromUser: string | null;
  readonly toUser: string | null;
  /** User name of the digest credentials. */
  readonly authUser: string | null;
  readonly userAgent: string | null;
  readonly callId: string | null;
  /** Digest credentials as they were sent, in latin1. */
  readonly credentials: DigestCredentials | null;
  readonly anomalies: readonly Anomaly[];
}

/** Reads the facts off the event's bytes. Never throws. */
export function readFacts({
  raw,
  ordinary,
  noted,
}: Pick<EventRecord, 'raw' | 'ordinary' | 'noted'>): EventFacts {
  const message = parseMessage(bufferOf(raw), noted);
  const calls = message.method === 'INVITE' || message.method === 'MESSAGE';
  return {
    kind: message.kind,
    method: message.method,
    requestUri: textOf(message.requestUri),
    statusCode: message.statusCode,
    calledNumber: calls && message.kind === 'request' ? textOf(calledUser(message)) : null,
    fromUser: textOf(message.fromUser),
    toUser: textOf(message.toUser),
    authUser: textOf(presence(message.authorization?.username ?? null)),
    userAgent: textOf(message.userAgent),
    callId: textOf(message.callId),
    credentials: message.kind === 'request' ? message.authorization : null,
    anomalies: ordinary ? [] : message.anomalies,
  };
}

/** The same bytes as a Buffer, not copied. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The parser keeps every byte as latin1; where those bytes are UTF-8, this is what they say. */
function textOf(latin1: string | null): string | null {
  if (latin1 === null || !/[\x80-\xff]/.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : latin1;
}

const presence = (text: string | null): string | null => (text === '' ? null : text);
