import { JSON_FORMAT_NAMES } from '../core/model/log-format.js';
import { key, MIB, TEN_YEARS_S } from './key.js';
import { choice, duration, integer, size } from './readers.js';

/** What the logs look like and how large they grow: keys above the sections. */
export const LOG_KEYS = {
  jsonLogFormat: key(
    'json_log_format',
    choice(JSON_FORMAT_NAMES),
    'sentrypeer',
    'Fields of the JSON log: SentryPeer’s and ours, Elastic Common Schema, OCSF, or Suricata’s EVE.',
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
} as const;
