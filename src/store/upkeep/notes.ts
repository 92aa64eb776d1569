import { rollBack } from '../database/migrate.js';
import type { Database } from '../database/sqlite.js';
import { ADD_COUNTERS_SQL, DAY_US, HOUR_US } from '../statistics/tally-counters.js';
import { LIMITS } from '../../core/common/limits.js';
import type { OutboxEntry } from '../../core/model/notice.js';
import type { Mutex } from '../../core/common/mutex.js';
import type { BlockDrops, Maintenance } from '../types.js';

/** What is noted beside the decisions: packets dropped, protected peers, tokens, what is to be told. */
export function createNotes(
  database: Database,
  mutex: Mutex,
): Pick<
  Maintenance,
  'recordDrops' | 'protectPeer' | 'unprotectPeer' | 'addToken' | 'removeToken' | 'keepOutbox'
> {
  return {
    recordDrops: (drops) => mutex.run(() => recordDrops(database, drops)),
    protectPeer: async ({ name, addedAtUs, note }) => {
      await mutex.run(() =>
        database.run(
          `INSERT INTO protected_peers (name, added_at_us, note) VALUES (?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET note = excluded.note`,
          [name, addedAtUs, note],
        ),
      );
    },
    unprotectPeer: async (name) =>
      (await mutex.run(() => database.run('DELETE FROM protected_peers WHERE name = ?', [name]))) >
      0,
    addToken: async ({ name, scope, hash, createdAtUs, expiresAtUs }) =>
      (await mutex.run(() =>
        database.run(
          `INSERT INTO api_tokens (name, scope, hash, created_at_us, expires_at_us)
           VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`,
          [name, scope, hash, createdAtUs, expiresAtUs],
        ),
      )) > 0,
    removeToken: async (name) =>
      (await mutex.run(() => database.run('DELETE FROM api_tokens WHERE name = ?', [name]))) > 0,
    keepOutbox: (entries) => mutex.run(() => keepOutbox(database, entries)),
  };
}

async function keepOutbox(database: Database, entries: readonly OutboxEntry[]): Promise<void> {
  const rows = entries.map((entry) => [
    entry.id,
    entry.target,
    JSON.stringify(entry.notice),
    entry.attempts,
    entry.state,
    entry.endedAtUs,
    entry.error,
  ]);
  await database.run(
    `INSERT INTO outbox (id, target, notice, attempts, state, ended_at_us, error)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
     FROM json_each(?) WHERE true
     ON CONFLICT (id) DO UPDATE SET attempts = excluded.attempts, state = excluded.state,
       ended_at_us = excluded.ended_at_us, error = excluded.error`,
    [JSON.stringify(rows)],
  );
  await database.run(
    `DELETE FROM outbox WHERE state <> 'waiting' AND id <= (SELECT id FROM outbox
       WHERE state <> 'waiting' ORDER BY id DESC LIMIT 1 OFFSET ${LIMITS.outboxEndedMax})`,
    [],
  );
}

async function recordDrops(database: Database, drops: readonly BlockDrops[]): Promise<void> {
  if (drops.length === 0) return;
  await database.exec('BEGIN IMMEDIATE');
  try {
    await countDrops(database, drops);
    const statement = await database.prepare('UPDATE blocks SET packets_dropped = ? WHERE id = ?');
    try {
      for (const { id, packets } of drops) await statement.run([packets, id]);
    } finally {
      await statement.finalize();
    }
    await database.exec('COMMIT');
  } catch (error) {
    await rollBack(database);
    throw error;
  }
}

/** What was dropped since the last look, in the statistics of now. */
async function countDrops(database: Database, drops: readonly BlockDrops[]): Promise<void> {
  const row = await database.get<{ more: number | null }>(
    `SELECT sum(max(value ->> 1 - packets_dropped, 0)) AS more
     FROM json_each(?) CROSS JOIN blocks ON blocks.id = value ->> 0`,
    [JSON.stringify(drops.map(({ id, packets }) => [id, packets]))],
  );
  const more = row?.more ?? 0;
  if (more === 0) return;
  const nowUs = Date.now() * 1_000;
  await database.run(ADD_COUNTERS_SQL, [
    JSON.stringify([
      ['hour', 'packets_dropped', nowUs - (nowUs % HOUR_US), '', more],
      ['day', 'packets_dropped', nowUs - (nowUs % DAY_US), '', more],
    ]),
  ]);
}
