import { LIMITS } from '../../core/common/limits.js';
import type { Notice, OutboxEntry } from '../../core/model/notice.js';
import type { Database } from '../database/sqlite.js';

interface OutboxRow extends Omit<OutboxEntry, 'notice'> {
  readonly notice: string;
}

const COLUMNS = 'id, target, notice, attempts, state, ended_at_us AS endedAtUs, error';

export async function readOutbox(
  database: Database,
  ended: number,
): Promise<readonly OutboxEntry[]> {
  const waiting = await database.all<OutboxRow>(
    `SELECT ${COLUMNS} FROM outbox WHERE state = 'waiting' ORDER BY id LIMIT ?`,
    [LIMITS.outboxWaitingMax],
  );
  const rest = await database.all<OutboxRow>(
    `SELECT ${COLUMNS} FROM outbox WHERE state <> 'waiting' ORDER BY id DESC LIMIT ?`,
    [ended],
  );
  // This program alone writes the table, from the same type.
  return [...waiting, ...rest].map((row) => ({ ...row, notice: JSON.parse(row.notice) as Notice }));
}
