import { rollBack } from './migrate.js';
import type { Database } from './sqlite.js';
import type { Turns } from './turns.js';
import type { BlockDrops, Maintenance } from './types.js';

/** What is noted beside the decisions: packets dropped, and peers protected by a command. */
export function createNotes(
  database: Database,
  turns: Turns,
): Pick<Maintenance, 'recordDrops' | 'protectPeer' | 'unprotectPeer'> {
  return {
    recordDrops: (drops) => turns.take(() => recordDrops(database, drops)),
    protectPeer: async ({ name, addedAtUs, note }) => {
      await turns.take(() =>
        database.run(
          `INSERT INTO protected_peers (name, added_at_us, note) VALUES (?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET note = excluded.note`,
          [name, addedAtUs, note],
        ),
      );
    },
    unprotectPeer: async (name) =>
      (await turns.take(() => database.run('DELETE FROM protected_peers WHERE name = ?', [name]))) >
      0,
  };
}

async function recordDrops(database: Database, drops: readonly BlockDrops[]): Promise<void> {
  if (drops.length === 0) return;
  await database.exec('BEGIN IMMEDIATE');
  try {
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
