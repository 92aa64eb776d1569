import { KEY_PLACES, writeValue, type Settings } from './schema.js';

/** What sockets, open files and posted jobs stand on; everything else is taken over while running. */
export const FIXED_WHILE_RUNNING: ReadonlySet<string> = new Set([
  'listen_address',
  'listen_port',
  'transports',
  'tls_port',
  'ws_port',
  'wss_port',
  'log_file',
  'json_log_file',
  'json_log_format',
  'log_max_size',
  'log_max_count',
  'log_max_age',
  'syslog_server',
  'syslog_messages',
  'syslog_format',
  'syslog_facility',
  'syslog_ca_file',
  'syslog_certificate_file',
  'syslog_key_file',
  'journal_messages',
  'database_file',
  'control_socket',
  'rules_dir',
  'verbose',
  ...KEY_PLACES.filter(({ section }) => section === 'jobs').map(({ id }) => id),
]);

/** The ids of the keys that differ. */
export const changedKeys = (before: Settings, after: Settings): string[] =>
  KEY_PLACES.filter((place) => writeValue(before, place) !== writeValue(after, place)).map(
    (place) => place.id,
  );

/** Those of them that take effect only when the agent is started again. */
export const changesNeedingRestart = (before: Settings, after: Settings): string[] =>
  changedKeys(before, after).filter((id) => FIXED_WHILE_RUNNING.has(id));
