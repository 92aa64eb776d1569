// A database as it is after a long time: events over 60 days, the bytes of the newest fifth kept, with
// sources, numbers, counters, sightings and blocks beside them. Written by the sqlite3 shell, which
// takes a third of the time that the agent's own way does.
import { execFileSync } from 'node:child_process';
import { openStore } from '../../dist/store/open.js';

export const DAYS = 60;
const DAY_US = 86_400_000_000;
/** Distinct sources, numbers, and blocks of which a tenth is in force. */
const [SOURCES, NUMBERS, BLOCKS] = [200_000, 50_000, 100_000];

/** Makes the schema by the store itself, then the rows. */
export async function fill(databaseFile, rows) {
  const quiet = { jsonLogFile: null, inWorker: false, onNotice: () => undefined };
  await (await openStore({ databaseFile, ...quiet })).close();
  execFileSync('sqlite3', [databaseFile], {
    input: script(rows, Date.now() * 1_000),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
}

/** Indexes are made when the rows are there: sorted once instead of one entry at a time. */
function script(rows, nowUs) {
  const stepUs = Math.floor((DAYS * DAY_US) / rows);
  const at = `${nowUs - DAYS * DAY_US} + value * ${stepUs}`;
  return [
    'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;',
    'DROP INDEX events_source; DROP INDEX events_time; DROP INDEX events_attack;',
    'BEGIN;',
    eventsSql(rows, at),
    `CREATE INDEX events_source ON events (id >> 13, source_ip);
     CREATE INDEX events_time ON events (received_at_us);
     CREATE INDEX events_attack ON events (attack_type) WHERE attack_type IS NOT NULL;`,
    besideSql(rows, nowUs),
    'COMMIT; PRAGMA analysis_limit = 1000; ANALYZE; PRAGMA journal_mode = WAL;',
  ].join('\n');
}

const address = (number) =>
  `printf('10.%d.%d.%d', (${number}) >> 16, ((${number}) >> 8) & 255, (${number}) & 255)`;

/** A source sends in bursts, as a scanner does; a twentieth of them sends half of all. */
function eventsSql(rows, at) {
  const source = `iif(value % 2, (value / 50) % ${SOURCES / 20}, (value / 20) % ${SOURCES})`;
  return `INSERT INTO events (id, uuid, received_at_us, transport, source_ip, source_port,
      destination_ip, destination_port, proof, kind, method, request_uri, called_number, from_user,
      to_user, user_agent, call_id, attack_type, score, answered_status, anomalies, raw, raw_length)
    SELECT value, printf('019b0000-0000-7000-8000-%012d', value), ${at}, 'udp',
      ${address(source)}, 5060, '192.0.2.1', 5060, 'none', 'request',
      CASE value % 3 WHEN 0 THEN 'REGISTER' WHEN 1 THEN 'OPTIONS' ELSE 'INVITE' END,
      'sip:100@192.0.2.1', iif(value % 3 = 2, printf('00442071%06d', value % ${NUMBERS}), NULL),
      '100', printf('%d', 100 + value % 500), iif(value % 5, 'friendly-scanner', 'Cisco'),
      printf('%d@10.0.0.1', value), iif(value % 7, NULL, 'extension_enumeration'), value % 100, 401,
      '[]', iif(value > ${rows} * 0.8, CAST(printf('REGISTER sip:100@192.0.2.1 SIP/2.0%s%0400d',
        char(13, 10), value) AS BLOB), NULL), 430
    FROM generate_series(1, ${rows});`;
}

function besideSql(rows, nowUs) {
  const [day, began] = [`value % ${DAYS}`, nowUs - (nowUs % DAY_US) - (DAYS - 1) * DAY_US];
  const perDay = Math.floor(rows / DAYS);
  const counter = (name, value, count, series) =>
    `INSERT INTO counters SELECT 'day', '${name}', ${began} + (${day}) * ${DAY_US}, ${value}, ${count}
     FROM generate_series(0, ${series} * ${DAYS} - 1);`;
  return [
    // All of it is counted already.
    `INSERT OR REPLACE INTO meta (name, value) VALUES ('tallied_events', '${rows}'),
       ('tallied_blocks', '${BLOCKS}'), ('next_id_events', '${rows + 1}');`,
    `UPDATE counters SET count = ${rows} WHERE span = 'all' AND name = 'events_kept';`,
    `INSERT INTO sources SELECT source_ip, min(received_at_us), max(received_at_us), count(*)
     FROM events GROUP BY source_ip;`,
    `INSERT INTO numbers (number, reversed, valid, country, calling_code, type, high_risk,
       first_at_us, last_at_us, last_source, last_event_id, calls)
     SELECT printf('+442071%06d', value), printf('%06d170244', value), 1, 'GB', '44', 'fixed_line',
       0, ${nowUs - DAY_US}, ${nowUs} - value, '10.0.0.7', ${rows} - value, 1 + value % 1000
     FROM generate_series(0, ${NUMBERS} - 1);`,
    `INSERT INTO number_forms SELECT id, '00' || substr(number, 2), first_at_us, last_at_us, calls
     FROM numbers;`,
    counter('messages', `''`, perDay, 1),
    counter('method', `printf('M%d', value / ${DAYS})`, Math.floor(perDay / 3), 3),
    counter('source', address(`value / ${DAYS}`), 'value % 1000 + 1', 500),
    counter('user_agent', `printf('agent %d', value / ${DAYS})`, 'value % 1000 + 1', 500),
    counter('user', `printf('%d', value / ${DAYS})`, 'value % 1000 + 1', 500),
    counter('number', `printf('+442071%06d', value / ${DAYS})`, 'value % 1000 + 1', 500),
    // The day that is not over yet has a counter for each value, of a crowd of sources.
    `INSERT INTO counters SELECT 'day', 'source', ${began + (DAYS - 1) * DAY_US},
       ${address('value + 1000')}, 1 FROM generate_series(1, 100000);`,
    `INSERT INTO sightings (at_us, source, rule, rule_version, attack_type, points, points_proven,
       reason, event_ids)
     SELECT ${nowUs} - value * 5000000, ${address(`value % ${SOURCES}`)}, 'extension-enumeration', 1,
       'extension_enumeration', 60, 0, '12 user names in 3 s', '[1,2,3]'
     FROM generate_series(1, ${BLOCKS} * 5);`,
    `INSERT INTO blocks (id, target, scope, origin, proof, rule, attack_type, reason, created_at_us,
       expires_at_us, simulated, ended_at_us, end_how, forced)
     SELECT value, ${address('value')} || '/32', 'sip', 'detector', 'none', 'extension-enumeration',
       'extension_enumeration', '12 user names in 3 s', ${nowUs} - (${BLOCKS} - value) * ${Math.floor((DAYS * DAY_US) / BLOCKS)},
       ${nowUs + DAY_US}, 1, iif(value % 10, ${nowUs} - 1, NULL), iif(value % 10, 'expired', NULL), 0
     FROM generate_series(1, ${BLOCKS});`,
  ].join('\n');
}
