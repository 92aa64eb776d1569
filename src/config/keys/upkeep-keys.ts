import { DAY_S, key, MIB, TEN_YEARS_S } from './key.js';
import { cron, duration, integer, optionalPath, size, timeZone } from './readers.js';

/** When the jobs run. */
export const JOB_KEYS = {
  blockExpiry: key('block_expiry', cron, '* * * * *', 'When ended blocks are settled.'),
  firewallCheck: key(
    'firewall_check',
    cron,
    '* * * * *',
    'When the firewall is compared with the blocks, and repaired.',
  ),
  protectRefresh: key(
    'protect_refresh',
    cron,
    '* * * * *',
    'When host names are resolved again, and gateway, resolvers and SSH peers looked for.',
  ),
  databasePrune: key(
    'database_prune',
    cron,
    '*/10 * * * *',
    'When what is too old or too much is deleted.',
  ),
  databaseVacuum: key('database_vacuum', cron, '47 3 * * *', 'When free space is given back.'),
  databaseAnalyze: key(
    'database_analyze',
    cron,
    '27 3 * * *',
    'When SQLite renews what it plans queries by.',
  ),
  databaseCheck: key(
    'database_check',
    cron,
    '37 4 * * 0',
    'When the database is checked for damage.',
  ),
  databaseBackup: key(
    'database_backup',
    cron,
    '17 2 * * *',
    'When the database is copied to backup_dir, and the copy is checked.',
  ),
  statisticsRollup: key(
    'statistics_rollup',
    cron,
    '7 * * * *',
    'When rare values in the statistics of past days are summed up.',
  ),
  logArchive: key(
    'log_archive',
    cron,
    '0 0 * * *',
    'When the logs are set aside and compressed, also when they are not full.',
  ),
  certificateCheck: key(
    'certificate_check',
    cron,
    '17 4 * * *',
    'When the TLS certificate is looked at, and renewed before it ends.',
  ),
  timeZone: key(
    'time_zone',
    timeZone,
    '',
    'Time zone of the schedules, as Europe/Berlin. Empty: that of this host.',
  ),
  jitterS: key(
    'jitter',
    duration(0, 3_600),
    '0s',
    'A run begins up to this much late, by chance, so that many hosts do not all at once.',
  ),
  timeLimitS: key(
    'time_limit',
    duration(1, DAY_S),
    '10m',
    'A run that takes longer is stopped, counted as failed, and tried again.',
  ),
} as const;

const NO_BOUND = '; 0: no bound.';
const rows = integer(0, 1_000_000_000, 'rows');

/** How long, and how much, is kept. */
export const RETENTION_KEYS = {
  eventsMaxAgeS: key(
    'events_max_age',
    duration(60, TEN_YEARS_S),
    '30d',
    'Events older than this are deleted; addresses not heard for as long are forgotten.',
  ),
  rawMaxAgeS: key(
    'raw_max_age',
    duration(60, TEN_YEARS_S),
    '30d',
    'The bytes of messages older than this are deleted; the event without them stays.',
  ),
  sightingsMaxAgeS: key(
    'sightings_max_age',
    duration(60, TEN_YEARS_S),
    '90d',
    'Sightings older than this are deleted.',
  ),
  blocksMaxAgeS: key(
    'blocks_max_age',
    duration(60, TEN_YEARS_S),
    '365d',
    'Blocks that ended longer ago are deleted, and forgotten when a source returns.',
  ),
  numbersMaxAgeS: key(
    'numbers_max_age',
    duration(60, TEN_YEARS_S),
    '365d',
    'Numbers that were not dialled for as long are deleted.',
  ),
  eventsMax: key('events_max', rows, '0', `Events that are kept at most${NO_BOUND}`),
  sightingsMax: key('sightings_max', rows, '0', `Sightings that are kept at most${NO_BOUND}`),
  blocksMax: key('ended_blocks_max', rows, '0', `Ended blocks that are kept at most${NO_BOUND}`),
  databaseBytesMax: key(
    'database_max_size',
    size(16 * MIB),
    '1GiB',
    'When the database is larger, the oldest go: first bytes of messages, then events, then the rest.',
  ),
  backupDir: key(
    'backup_dir',
    optionalPath,
    '',
    'Folder of the backups. Empty: `backups` beside the database.',
  ),
  backupsMax: key(
    'backup_count',
    integer(0, 1_000, 'backups'),
    '2',
    'Backups that are kept; 0: none is made.',
  ),
} as const;
