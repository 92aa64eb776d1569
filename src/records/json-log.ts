import { canonicalAddress } from '../core/common/address.js';
import { LIMITS } from '../core/common/limits.js';
import { OUTCOMES, SENSORS } from '../core/model/sensor.js';
import { PROOFS } from '../core/model/proof.js';
import type { LocalTimeReader } from '../core/common/local-time.js';
import { readTime } from '../core/common/time.js';
import { TRANSPORTS } from '../core/model/transport.js';
import type { RecordedPacket } from './recorded.js';

/** SentryPeer's own log names no ports. */
const PORT_UNKNOWN = 5060;

/** Lines out of pieces of any size. A line beyond the bound is given as null. */
export interface LineReader {
  rest: Buffer;
  /** Inside a line that is too long already. */
  skipping: boolean;
}

export const createLineReader = (): LineReader => ({ rest: Buffer.alloc(0), skipping: false });

export function readLines(reader: LineReader, chunk: Buffer): readonly (string | null)[] {
  const lines: (string | null)[] = [];
  let bytes = reader.rest.length === 0 ? chunk : Buffer.concat([reader.rest, chunk]);
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10)) {
    const tooLong = reader.skipping || end > LIMITS.replayLineBytesMax;
    lines.push(tooLong ? null : bytes.toString('utf8', 0, end));
    reader.skipping = false;
    bytes = bytes.subarray(end + 1);
  }
  if (bytes.length > LIMITS.replayLineBytesMax) {
    reader.skipping = true;
    bytes = Buffer.alloc(0);
  }
  reader.rest = Buffer.from(bytes);
  return lines;
}

/**
 * The message of one line of the JSON log, ours or SentryPeer's, with the proof that it had; null
 * when the line is no event. Our times are UTC, SentryPeer's are what `localTimes` reads.
 */
export function readLogLine(line: string, localTimes: LocalTimeReader): RecordedPacket | null {
  const fields = parseObject(line);
  if (fields === null) return null;
  const text = (name: string): string | null => {
    const value = fields[name];
    return typeof value === 'string' ? value : null;
  };
  // SentryPeer has no `timestamp`.
  const ours = text('timestamp');
  const atUs = ours === null ? localTimes.read(text('event_timestamp') ?? '') : readTime(ours);
  const source = canonicalAddress(text('source_ip') ?? '');
  const local = canonicalAddress(text('destination_ip') ?? '');
  const transport = oneOf(TRANSPORTS, (text('transport_type') ?? '').toLowerCase());
  const proof = oneOf(PROOFS, text('proof') ?? 'none');
  const bytes = readBytes(text('raw_base64'), text('sip_message'));
  if (atUs === null || source === null || local === null || bytes === null) return null;
  if (transport === null || proof === null) return null;
  const packet = {
    receivedAtUs: atUs,
    transport,
    source: { address: source, port: readPort(fields['source_port']) },
    local: { address: local, port: readPort(fields['destination_port']) },
    bytes,
  };
  const sensor = oneOf(SENSORS, text('sensor') ?? 'trap');
  const outcome = oneOf(OUTCOMES, text('outcome') ?? 'none');
  if (sensor === null || outcome === null) return null;
  return sensor === 'trap' ? { packet, proof } : { packet, proof, sensed: { sensor, outcome } };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    // An object of JSON has text keys; each value is looked at before it is used.
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** `sip_message` holds the bytes as UTF-8 where nothing but plain text is in them. */
function readBytes(base64: string | null, message: string | null): Buffer | null {
  if (base64 !== null) return Buffer.from(base64, 'base64');
  return message === null ? null : Buffer.from(message, 'utf8');
}

const oneOf = <T extends string>(values: readonly T[], text: string): T | null =>
  values.find((value) => value === text) ?? null;

const readPort = (value: unknown): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535
    ? value
    : PORT_UNKNOWN;
