import { canonicalAddress } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';
import type { LocalTimeReader } from '../../core/common/local-time.js';
import { detach } from '../../core/common/text.js';
import type { LogReport } from '../../core/model/log-report.js';
import { transportProof, type Proof } from '../../core/model/proof.js';
import { TRANSPORTS, type Endpoint, type Transport } from '../../core/model/transport.js';
import type { Grammar, GrammarProof, LineKind } from './grammar.js';
import type { Captures } from './pattern.js';
import { readMoment } from './times.js';

export interface Read {
  readonly line: string;
  /** Of the head of the line. */
  readonly head: Captures;
  readonly fields: Captures;
  readonly grammar: Grammar;
  readonly kind: LineKind;
}

/** The report of a line that fits; null where its address, port or transport is none. */
export function makeReport(
  { line, head, fields, grammar, kind }: Read,
  zone: LocalTimeReader,
  nowUs: number,
): LogReport | null {
  const source = readSource(fields);
  const transport = readTransport(fields['transport'] ?? null, kind.transport);
  if (source === null || transport === null || kind.outcome === null) return null;
  return {
    atUs: readTime([fields['time'], head['time'], head['syslog_time']], zone, nowUs),
    source,
    transport,
    outcome: kind.outcome,
    proof: proofOf(kind.proof, transport),
    method: keep(fields['method']?.toUpperCase()) ?? kind.method,
    account: keep(fields['account']) ?? userOf(fields['from']),
    called: keep(fields['called']) ?? userOf(fields['to']),
    userAgent: keep(fields['user_agent']),
    callId: keep(fields['call_id']),
    line: cut(line),
    grammar: `${grammar.name}/${kind.id}`,
  };
}

/** A time with its zone says more than one without; the line's own more than that of its head. */
function readTime(
  texts: readonly (string | undefined)[],
  zone: LocalTimeReader,
  nowUs: number,
): number {
  let first: number | null = null;
  for (const text of texts) {
    const moment = text === undefined ? null : readMoment(text, zone, nowUs);
    if (moment?.absolute === true) return moment.atUs;
    first ??= moment?.atUs ?? null;
  }
  return first ?? nowUs;
}

function readSource(fields: Captures): Endpoint | null {
  const { source, port, endpoint, address_port: last } = fields;
  if (source !== undefined) return makeEndpoint(source, port);
  return readEndpoint(endpoint ?? last ?? '', last !== undefined);
}

/** `lastColon`: what is behind the last colon is the port, of IPv6 without brackets too. */
export function readEndpoint(text: string, lastColon: boolean): Endpoint | null {
  const colon = text.lastIndexOf(':');
  const hasPort = lastColon || text.startsWith('[') || text.indexOf(':') === colon;
  if (!hasPort || colon === -1 || text.endsWith(']')) return makeEndpoint(text, undefined);
  return makeEndpoint(text.slice(0, colon), text.slice(colon + 1));
}

function makeEndpoint(text: string, portText: string | undefined): Endpoint | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const address = canonicalAddress(bare);
  const port = portText === undefined || portText === '' ? 0 : Number(portText);
  if (address === null || !Number.isInteger(port) || port < 0 || port > 65_535) return null;
  return { address, port };
}

export function readTransport(text: string | null, standard: Transport | null): Transport | null {
  if (text === null) return standard ?? 'udp';
  const name = text.toLowerCase();
  return TRANSPORTS.find((transport) => transport === name) ?? null;
}

export function proofOf(proof: GrammarProof, transport: Transport): Proof {
  if (proof === 'none' || transport === 'ws' || transport === 'wss') return 'none';
  const carried = transportProof(transport);
  return carried === 'none' && proof === 'nonce' ? 'nonce' : carried;
}

/** A line that fits is kept as it is, and its parts are views of it. */
export const cut = (line: string): string =>
  line.length > LIMITS.pbxReportLineCharsMax
    ? detach(line.slice(0, LIMITS.pbxReportLineCharsMax))
    : line;

/** Text up to its bound; null for none, and for what PBXs write for nobody. */
export function keep(text: string | undefined): string | null {
  if (text === undefined || text === '' || NOBODY.includes(text)) return null;
  return text.slice(0, LIMITS.pbxReportTextCharsMax);
}

const NOBODY: readonly string[] = ['<unknown>', '<null>', '(null)'];

/** The user of `"100" <sip:100@pbx.example>`. The address comes last; a name before it may say anything. */
export function userOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const scheme = Math.max(text.lastIndexOf('sip:') + 4, text.lastIndexOf('sips:') + 5);
  if (scheme < 4) return keep(text);
  const at = text.indexOf('@', scheme);
  return at === -1 ? null : keep(text.slice(scheme, at));
}
