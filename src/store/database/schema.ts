/** `SPag` in the header of the file: how we know that a database is ours. */
export const APPLICATION_ID = 0x53_50_61_67;

/**
 * The schema as steps, forward only: step N takes `user_version` from N-1 to N in one transaction.
 * A step that has been released is never changed. docs/DATABASE.md tells what the columns mean.
 *
 * Three indexes on the events at most: with eight, inserts fall from 21,200 to 7,800 rows/s at a
 * million rows (measured). Times are microseconds since 1970, UTC.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL,
  received_at_us INTEGER NOT NULL,
  event_timestamp TEXT GENERATED ALWAYS AS (
    strftime('%Y-%m-%d %H:%M:%S', received_at_us / 1000000, 'unixepoch')
      || printf('.%06d000', received_at_us % 1000000)
  ) VIRTUAL,
  transport TEXT NOT NULL,
  source_ip TEXT NOT NULL,
  source_port INTEGER NOT NULL,
  destination_ip TEXT NOT NULL,
  destination_port INTEGER NOT NULL,
  proof TEXT NOT NULL,
  kind TEXT NOT NULL,
  method TEXT,
  request_uri TEXT,
  status_code INTEGER,
  called_number TEXT,
  from_user TEXT,
  to_user TEXT,
  auth_user TEXT,
  user_agent TEXT,
  call_id TEXT,
  attack_type TEXT,
  score REAL NOT NULL,
  answered_status INTEGER,
  anomalies TEXT NOT NULL,
  raw BLOB,
  raw_length INTEGER NOT NULL,
  raw_sha256 TEXT
) STRICT;
CREATE INDEX events_source ON events (source_ip);
CREATE INDEX events_time ON events (received_at_us);
CREATE INDEX events_attack ON events (attack_type) WHERE attack_type IS NOT NULL;

CREATE TABLE sightings (
  id INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  source TEXT NOT NULL,
  rule TEXT NOT NULL,
  rule_version INTEGER NOT NULL,
  attack_type TEXT NOT NULL,
  points REAL NOT NULL,
  points_proven REAL NOT NULL,
  reason TEXT NOT NULL,
  event_ids TEXT NOT NULL
) STRICT;
CREATE INDEX sightings_source ON sightings (source);
CREATE INDEX sightings_time ON sightings (at_us, rule);

CREATE TABLE blocks (
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  scope TEXT NOT NULL,
  origin TEXT NOT NULL,
  proof TEXT NOT NULL,
  rule TEXT,
  attack_type TEXT,
  reason TEXT NOT NULL,
  created_at_us INTEGER NOT NULL,
  expires_at_us INTEGER,
  simulated INTEGER NOT NULL,
  ended_at_us INTEGER,
  end_how TEXT
) STRICT;
CREATE INDEX blocks_target ON blocks (target);
CREATE INDEX blocks_time ON blocks (created_at_us, rule);
CREATE INDEX blocks_active ON blocks (expires_at_us) WHERE ended_at_us IS NULL;

CREATE TABLE job_runs (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  started_at_us INTEGER NOT NULL,
  finished_at_us INTEGER NOT NULL,
  result TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX job_runs_name ON job_runs (name, started_at_us);
`,
  `
CREATE TABLE credentials (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  username TEXT NOT NULL,
  response TEXT NOT NULL,
  realm TEXT NOT NULL,
  nonce TEXT NOT NULL,
  method TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  first_at_us INTEGER NOT NULL,
  last_at_us INTEGER NOT NULL,
  first_event_id INTEGER NOT NULL,
  last_event_id INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  password TEXT,
  UNIQUE (source, username, response)
) STRICT;
CREATE INDEX credentials_event ON credentials (last_event_id);

CREATE TABLE calls (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  user TEXT NOT NULL,
  called TEXT NOT NULL,
  call_id TEXT NOT NULL,
  began_at_us INTEGER NOT NULL,
  confirmed_at_us INTEGER,
  ended_at_us INTEGER,
  end_how TEXT
) STRICT;
CREATE INDEX calls_source ON calls (source);
`,
  `
ALTER TABLE events ADD COLUMN tls_version TEXT;
ALTER TABLE events ADD COLUMN tls_cipher TEXT;
ALTER TABLE events ADD COLUMN tls_sni TEXT;

CREATE TABLE thinned (
  id INTEGER PRIMARY KEY,
  source_ip TEXT NOT NULL,
  first_us INTEGER NOT NULL,
  last_us INTEGER NOT NULL,
  messages INTEGER NOT NULL
) STRICT;
CREATE INDEX thinned_source ON thinned (source_ip);
CREATE INDEX thinned_time ON thinned (last_us);
`,
  `
ALTER TABLE blocks ADD COLUMN forced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE blocks ADD COLUMN packets_dropped INTEGER NOT NULL DEFAULT 0;

CREATE TABLE protected_peers (
  name TEXT PRIMARY KEY,
  added_at_us INTEGER NOT NULL,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
  `
CREATE TABLE numbers (
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  reversed TEXT NOT NULL,
  valid INTEGER,
  country TEXT,
  calling_code TEXT,
  type TEXT NOT NULL,
  high_risk INTEGER NOT NULL,
  first_at_us INTEGER NOT NULL,
  last_at_us INTEGER NOT NULL,
  last_source TEXT NOT NULL,
  last_event_id INTEGER NOT NULL,
  calls INTEGER NOT NULL
) STRICT;
CREATE INDEX numbers_reversed ON numbers (reversed);
CREATE INDEX numbers_time ON numbers (last_at_us);

CREATE TABLE number_forms (
  number_id INTEGER NOT NULL,
  form TEXT NOT NULL,
  first_at_us INTEGER NOT NULL,
  last_at_us INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  PRIMARY KEY (number_id, form)
) STRICT, WITHOUT ROWID;
CREATE INDEX number_forms_form ON number_forms (form);
CREATE TRIGGER numbers_gone AFTER DELETE ON numbers BEGIN
  DELETE FROM number_forms WHERE number_id = old.id;
END;
`,
  `
CREATE TABLE counters (
  span TEXT NOT NULL,
  name TEXT NOT NULL,
  began_at_us INTEGER NOT NULL,
  value TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (span, name, began_at_us, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
  source TEXT PRIMARY KEY,
  first_at_us INTEGER NOT NULL,
  last_at_us INTEGER NOT NULL,
  messages INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters SELECT 'all', 'events_kept', 0, '', count(*) FROM events;
INSERT INTO counters SELECT 'day', 'messages', received_at_us - received_at_us % 86400000000 AS day,
  '', count(*) FROM events GROUP BY day;
INSERT INTO counters SELECT 'day', 'method', received_at_us - received_at_us % 86400000000 AS day,
  method, count(*) FROM events WHERE method IS NOT NULL GROUP BY day, method;
INSERT INTO counters SELECT 'day', 'attack_type', received_at_us - received_at_us % 86400000000 AS day,
  attack_type, count(*) FROM events WHERE attack_type IS NOT NULL GROUP BY day, attack_type;
INSERT INTO sources SELECT source_ip, min(received_at_us), max(received_at_us), count(*)
  FROM events GROUP BY source_ip;

CREATE VIEW honey AS SELECT id AS honey_id, event_timestamp, uuid AS event_uuid,
  iif(answered_status IS NULL, 'passive', 'responsive') AS collected_method, source_ip,
  coalesce(called_number, '') AS called_number, upper(transport) AS transport_type,
  coalesce(method, '') AS method, coalesce(user_agent, '') AS sip_user_agent,
  coalesce(CAST(raw AS TEXT), '') AS sip_message,
  coalesce((SELECT value FROM meta WHERE name = 'instance_id'), '') AS created_by_node_id,
  destination_ip FROM events;

CREATE TRIGGER events_gone AFTER DELETE ON events BEGIN
  UPDATE counters SET count = count - 1
    WHERE span = 'all' AND name = 'events_kept' AND began_at_us = 0 AND value = '';
END;
`,
  // A computed column is computed at every INSERT, although it is not stored.
  `
DROP VIEW honey;
ALTER TABLE events DROP COLUMN event_timestamp;
CREATE VIEW honey AS SELECT id AS honey_id,
  strftime('%Y-%m-%d %H:%M:%S', received_at_us / 1000000, 'unixepoch')
    || printf('.%06d000', received_at_us % 1000000) AS event_timestamp, uuid AS event_uuid,
  iif(answered_status IS NULL, 'passive', 'responsive') AS collected_method, source_ip,
  coalesce(called_number, '') AS called_number, upper(transport) AS transport_type,
  coalesce(method, '') AS method, coalesce(user_agent, '') AS sip_user_agent,
  coalesce(CAST(raw AS TEXT), '') AS sip_message,
  coalesce((SELECT value FROM meta WHERE name = 'instance_id'), '') AS created_by_node_id,
  destination_ip FROM events;
`,
  // By source alone every new event touched a page of its own (source-events.ts). The row of statistics
  // lets SQLite use the index where no bucket is given, before there was an ANALYZE.
  `
DROP INDEX events_source;
CREATE INDEX events_source ON events (id >> 13, source_ip);
ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1 WHERE idx = 'events_source';
INSERT INTO sqlite_stat1 VALUES ('events', 'events_source', '1000000 8192 4');
`,
  `
CREATE TABLE api_tokens (
  name TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at_us INTEGER NOT NULL,
  expires_at_us INTEGER
) STRICT, WITHOUT ROWID;
`,
  `
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  notice TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  state TEXT NOT NULL,
  ended_at_us INTEGER,
  error TEXT
) STRICT;
CREATE INDEX outbox_state ON outbox (state, id);
`,
  `
ALTER TABLE events ADD COLUMN sensor TEXT NOT NULL DEFAULT 'trap';
ALTER TABLE events ADD COLUMN outcome TEXT NOT NULL DEFAULT 'none';
`,
];
