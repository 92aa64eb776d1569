import { JSON_FORMAT_NAMES } from '../../core/model/log-format.js';
import {
  REMOTE_MESSAGE_NAMES,
  SYSLOG_FACILITIES,
  type SyslogFacility,
} from '../../core/model/remote-log.js';
import { key, MIB, TEN_YEARS_S } from './key.js';
import { choice, duration, integer, listOf, optionalPath, size } from './readers.js';
import { syslogServer } from './syslog-server.js';

// Object.keys loses the key type of a constant table.
const FACILITY_NAMES = Object.keys(SYSLOG_FACILITIES) as SyslogFacility[];

/** What the logs look like and how large they grow: keys above the sections. */
export const LOG_KEYS = {
  jsonLogFormat: key(
    'json_log_format',
    choice(JSON_FORMAT_NAMES),
    'sentrypeer',
    'Fields of the JSON log: SentryPeer’s and ours, the same for T-Pot, Elastic Common Schema, OCSF, or Suricata’s EVE.',
  ),
  logBytesMax: key(
    'log_max_size',
    size(MIB),
    '100MiB',
    'A log that is larger is set aside, compressed, and begun anew.',
  ),
  logsMax: key(
    'log_max_count',
    integer(0, 10_000, 'files'),
    '10',
    'Old files of one log that are kept.',
  ),
  logMaxAgeS: key(
    'log_max_age',
    duration(3_600, TEN_YEARS_S),
    '90d',
    'Old logs that are older are deleted.',
  ),
  syslogServer: key(
    'syslog_server',
    syslogServer,
    '',
    'Syslog server (RFC 5424), as udp://log.example.org, tcp://192.0.2.1:601 or ' +
      'tls://log.example.org. Empty: none.',
  ),
  syslogMessages: key(
    'syslog_messages',
    listOf(choice(REMOTE_MESSAGE_NAMES), 1),
    'agent, events',
    'What goes there: what the agent itself says, events that a rule named an attack on, all events.',
  ),
  syslogFormat: key(
    'syslog_format',
    choice(['text', ...JSON_FORMAT_NAMES]),
    'text',
    'An event there: the line of the log for people with its fields as structured data, or JSON.',
  ),
  syslogFacility: key(
    'syslog_facility',
    choice(FACILITY_NAMES),
    'daemon',
    'Facility of syslog messages and of those to the journal.',
  ),
  syslogCaFile: key(
    'syslog_ca_file',
    optionalPath,
    '',
    'Authorities (PEM) that may have signed the certificate of a tls:// server. Empty: those that Node trusts.',
  ),
  syslogCertificateFile: key(
    'syslog_certificate_file',
    optionalPath,
    '',
    'Own certificate with its chain (PEM), for a tls:// server that asks for one.',
  ),
  syslogKeyFile: key('syslog_key_file', optionalPath, '', 'Private key (PEM) of that certificate.'),
  journalMessages: key(
    'journal_messages',
    listOf(choice(REMOTE_MESSAGE_NAMES), 0),
    '',
    'What goes to the systemd journal, as syslog_messages. Empty: only what is printed.',
  ),
} as const;
