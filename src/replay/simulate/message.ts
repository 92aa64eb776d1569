import { createHash } from 'node:crypto';
import type { DigestCredentials } from '../../core/model/sip-message.js';
import { parseDigest } from '../../core/sip/headers/digest.js';
import { parseMessage } from '../../core/sip/parse.js';

/** Who sends, and under which name. */
export interface SimulatedSource {
  readonly address: string;
  readonly port: number;
  readonly userAgent: string;
}

export interface Draft {
  readonly method: string;
  /** User part of the Request-URI; null: none. */
  readonly requestUser: string | null;
  readonly fromUser: string;
  readonly toUser: string;
  readonly fromTag: string;
  readonly callId: string;
  readonly cseq: number;
  /** Makes the branch: each request has its own. */
  readonly number: number;
  readonly authorization?: string;
  readonly body?: string;
}

/** The host that a campaign attacks. */
export const HOST = '192.0.2.1';

/** The bytes of a request as a scanner writes it. */
export function writeRequest(sender: SimulatedSource, draft: Draft): Buffer {
  const { method, requestUser, fromUser, toUser, fromTag, callId, cseq, number } = draft;
  const { authorization, body = '' } = draft;
  const host = sender.address.includes(':') ? `[${sender.address}]` : sender.address;
  const uri = requestUser === null ? `sip:${HOST}` : `sip:${requestUser}@${HOST}`;
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${host}:${sender.port};branch=z9hG4bK-${4_000_000 + number};rport`,
    `From: "${fromUser}" <sip:${fromUser}@${HOST}>;tag=${fromTag}`,
    `To: <sip:${toUser}@${HOST}>`,
    `Contact: <sip:${fromUser}@${host}:${sender.port}>`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    'Max-Forwards: 70',
    `User-Agent: ${sender.userAgent}`,
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ...(body === '' ? [] : ['Content-Type: text/plain']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ];
  return Buffer.from(lines.join('\r\n'));
}

export interface ReadAnswer {
  readonly status: number;
  readonly challenge: DigestCredentials | null;
}

/** Status and challenge of an answer; null when it is none. */
export function readAnswer(bytes: Buffer | null): ReadAnswer | null {
  const message = bytes === null ? null : parseMessage(bytes);
  if (message === null || message.statusCode === null) return null;
  const challenge = message.header('www-authenticate') ?? message.header('proxy-authenticate');
  return {
    status: message.statusCode,
    challenge: challenge === null ? null : parseDigest(challenge),
  };
}

/** Digest credentials without qop (RFC 2617 section 3.2.2), as svcrack sends them. */
export function writeCredentials(
  { realm, nonce }: DigestCredentials,
  { user, password, method }: { user: string; password: string; method: string },
): string {
  const uri = `sip:${HOST}`;
  const secret = md5(`${user}:${realm}:${password}`);
  const response = md5(`${secret}:${nonce}:${md5(`${method}:${uri}`)}`);
  return (
    `Digest username="${user}",realm="${realm}",nonce="${nonce}",uri="${uri}",` +
    `response="${response}",algorithm=MD5`
  );
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
