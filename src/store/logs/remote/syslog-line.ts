import { SYSLOG_FACILITIES, type SyslogFacility } from '../../../core/model/remote-log.js';
import { isoTime } from '../time-text.js';
import type { RemoteEntry } from './entry.js';

/** Who sends: APP-NAME is the program's, PROCID the process's. */
export interface SyslogSender {
  readonly facility: SyslogFacility;
  readonly hostname: string;
  readonly pid: number;
}

export const APP_NAME = 'sentrypeer-agent';
/**
 * The number that RFC 5612 keeps for examples: names of structured data that IANA has not registered
 * must carry one (RFC 5424, 6.3.2), and this program has none of its own.
 */
const STRUCTURED_DATA_ID = 'sentrypeer@32473';

/**
 * One message of RFC 5424 without its framing, in ASCII, so that no BOM is needed (6.4). No event
 * lacks its UUID, which tells a message that was sent twice.
 */
export function syslogLine(entry: RemoteEntry, sender: SyslogSender): string {
  const priority = SYSLOG_FACILITIES[sender.facility] * 8 + entry.severity;
  return (
    `<${priority}>1 ${isoTime(entry.atUs)} ${headerWord(sender.hostname)} ${APP_NAME} ` +
    `${sender.pid} ${entry.kind} ${structured(entry)} ${entry.text}`
  );
}

/** Octet counting (RFC 6587, 3.4.1; RFC 5425, 4.3): nothing within a message can end it. */
export const frame = (line: string): Buffer => Buffer.from(`${line.length} ${line}`, 'latin1');

function structured({ fields }: RemoteEntry): string {
  if (fields.length === 0) return '-';
  const params = fields.map(([name, value]) => `${name}="${escapeParam(value)}"`);
  return `[${STRUCTURED_DATA_ID} ${params.join(' ')}]`;
}

/** RFC 5424, 6.3.3. */
const escapeParam = (value: string): string => value.replace(/["\\\]]/g, '\\$&');

/** HOSTNAME is up to 255 printable characters without a blank; `-` where none is known (6.2.4). */
function headerWord(name: string): string {
  const word = name.replace(/[^\x21-\x7e]/g, '').slice(0, 255);
  return word === '' ? '-' : word;
}
