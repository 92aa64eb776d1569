import type { AttackType } from '../../core/model/attack-type.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Proof } from '../../core/model/proof.js';
import type { Transport } from '../../core/model/transport.js';
import { readFacts } from '../event-facts.js';
import { BLOCK_ROW, storedBlock, type BlockRow } from '../rows.js';
import type { Database } from '../database/sqlite.js';
import { tallyEvent } from './tallied-event.js';
import type { TallyMarks } from './tally-marks.js';
import type { TalliedBatch } from './tallied-event.js';

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
  return tallyEvent(record, readFacts({ raw: row.raw ?? Buffer.alloc(0), ordinary: false }));
}
