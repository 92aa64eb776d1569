import { SYSLOG_FACILITIES, type SyslogFacility } from '../../../core/model/remote-log.js';
import { SEVERITIES, type RemoteEntry } from './entry.js';
import { APP_NAME } from './syslog-line.js';

/** Where the journal takes streams of lines: the socket behind `systemd-cat` and a unit's stdout. */
export const JOURNAL_SOCKET = '/run/systemd/journal/stdout';

/**
 * What such a stream begins with, a line each: identifier, unit (the journal finds it by itself),
 * facility and priority, that lines carry their own priority, and no forwarding elsewhere.
 */
export function journalGreeting(facility: SyslogFacility): Buffer {
  const priority = SYSLOG_FACILITIES[facility] * 8 + SEVERITIES.notice;
  return Buffer.from(`${APP_NAME}\n\n${priority}\n1\n0\n0\n0\n`, 'latin1');
}

/** One message as a line: `<N>` is its priority, without a facility (sd-daemon(3)). */
export const journalLine = ({ severity, text }: RemoteEntry): Buffer =>
  Buffer.from(`<${severity}>${text}\n`, 'latin1');
