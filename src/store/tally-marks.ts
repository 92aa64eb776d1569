import type { AttackType } from '../core/model/attack-type.js';
import type { Proof } from '../core/model/proof.js';
import type { Transport } from '../core/model/transport.js';
import { LIMITS } from '../core/model/limits.js';
import { readFacts } from './facts.js';
import { BLOCK_ROW, storedBlock, type BlockRow } from './rows.js';
import type { Database } from './sqlite.js';
import { tallyEvent } from './tallied-event.js';
import type { TalliedBatch } from './tallies.js';

/** The last row of each table that is counted. */
export interface TallyMarks {
  events: number;
  blocks: number;
  thinned: number;
}

/** A condition for rows of `events` that are not in the statistics yet; none without a mark. */
export const UNCOUNTED =
  "id > (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'tallied_events')";

const TABLES = ['events', 'blocks', 'thinned'] as const;

/** Reads the marks. A database without any has counted all that it holds, and gets them now. */
export async function readMarks(database: Database): Promise<TallyMarks> {
  const marks = { events: 0, blocks: 0, thinned: 0 };
  for (const table of TABLES) {
    const last = `(SELECT coalesce(max(id), 0) FROM ${table})`;
    await database.run(`INSERT OR IGNORE INTO meta (name, value) SELECT ?, ${last}`, [
      markOf(table),
    ]);
    const row = await database.get<{ id: number }>(
      'SELECT CAST(value AS INTEGER) AS id FROM meta WHERE name = ?',
      [markOf(table)],
    );
    marks[table] = row?.id ?? 0;
  }
  return marks;
}

/** Within the transaction that writes what was counted up to them. */
export async function keepMarks(database: Database, marks: TallyMarks): Promise<void> {
  // The rows of `thinned` are numbered by SQLite: what is committed now is counted.
  await database.run(
    `INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?), (?, ?),
       (?, (SELECT coalesce(max(id), 0) FROM thinned))`,
    [
      markOf('events'),
      String(marks.events),
      markOf('blocks'),
      String(marks.blocks),
      markOf('thinned'),
    ],
  );
}

const markOf = (table: (typeof TABLES)[number]): string => `tallied_${table}`;

interface UncountedEvent {
  readonly id: number;
  readonly received_at_us: number;
  readonly source_ip: string;
  readonly source_port: number;
  readonly attack_type: AttackType | null;
  readonly transport: Transport;
  readonly proof: Proof;
  readonly raw: Uint8Array | null;
}

/** What lies behind the marks: a second's worth after a crash, nothing after an orderly end. */
export async function* readUncounted(
  database: Database,
  { events: lastEvent, blocks: lastBlock, thinned: lastThinned }: Readonly<TallyMarks>,
): AsyncGenerator<TalliedBatch> {
  const thinned = await database.all<NonNullable<TalliedBatch['thinned']>[number]>(
    `SELECT source_ip AS source, first_us AS firstAtUs, last_us AS lastAtUs, messages
     FROM thinned WHERE id > ?`,
    [lastThinned],
  );
  const blocks = await database.all<BlockRow>(
    `SELECT ${BLOCK_ROW} FROM blocks WHERE id > ? ORDER BY id`,
    [lastBlock],
  );
  if (thinned.length + blocks.length > 0)
    yield { tallied: [], thinned, blocks: blocks.map(storedBlock) };
  for (let last = lastEvent; ;) {
    const rows = await database.all<UncountedEvent>(
      `SELECT id, received_at_us, source_ip, source_port, attack_type, transport, proof, raw
       FROM events WHERE id > ? ORDER BY id LIMIT ?`,
      [last, LIMITS.insertRowsMax],
    );
    last = rows.at(-1)?.id ?? last;
    if (rows.length > 0) yield { tallied: rows.map(talliedRow), blocks: [] };
    if (rows.length < LIMITS.insertRowsMax) return;
  }
}

/** As it was counted if its bytes are there, and without what they say if they are not. */
function talliedRow(row: UncountedEvent) {
  const record = {
    id: row.id,
    receivedAtUs: row.received_at_us,
    source: { address: row.source_ip, port: row.source_port },
    attackType: row.attack_type,
    transport: row.transport,
    proof: row.proof,
  };
  return tallyEvent(record, readFacts({ raw: row.raw ?? Buffer.alloc(0) }));
}
