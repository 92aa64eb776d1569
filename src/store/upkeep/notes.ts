import { rollBack } from '../database/migrate.js';
import type { Database } from '../database/sqlite.js';
import { ADD_COUNTERS_SQL, DAY_US, HOUR_US } from '../statistics/tally-counters.js';
import type { Mutex } from '../../core/common/mutex.js';
import type { BlockDrops, Maintenance } from '../types.js';

/** What is noted beside the decisions: packets dropped, peers protected by a command, tokens. */
export function createNotes(
  database: Database,
  mutex: Mutex,
): Pick<Maintenance, 'recordDrops' | 'protectPeer' | 'unprotectPeer' | 'addToken' | 'removeToken'> {
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
  };
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
