import type { Block, BlockOrigin, Scope } from '../core/model/block.js';
import { LIMITS } from '../core/model/limits.js';
import { boundLimit } from './read-events.js';
import { BLOCK_ROW, plainBlock, storedBlock, type BlockRow } from './rows.js';
import type { Database, SqlValue } from './sqlite.js';
import type { BlockDrops, StoredBlock } from './types.js';

export interface BlockFilter {
  /** `active`: in force at `nowUs`; `all`: the whole history too. */
  readonly which: 'active' | 'all';
  readonly nowUs: number;
  /** Canonical CIDR text; one of these very targets alone. */
  readonly targets?: readonly string[];
  readonly scope?: Scope;
  readonly origin?: BlockOrigin;
  readonly attackType?: string;
}

/** In what order a page lists: by when it was made, what it covers, when it ends, what it dropped. */
export type BlockOrder = keyof typeof ORDERS;

const ORDERS = {
  newest: 'id DESC',
  oldest: 'id',
  target: 'target, id',
  ends: 'expires_at_us IS NULL, expires_at_us, id',
  dropped: 'packets_dropped DESC, id DESC',
} as const;

export const BLOCK_ORDERS = Object.keys(ORDERS) as readonly BlockOrder[];

export interface BlockPage extends BlockFilter {
  readonly limit: number;
  readonly offset: number;
  readonly order?: BlockOrder;
}

export interface BlockQueries {
  /** Newest first where no order is named; at most `listedRowsMax` a page. */
  listBlocks(page: BlockPage): Promise<readonly StoredBlock[]>;
  countBlocks(filter: BlockFilter): Promise<number>;
  /** Every block in force, oldest first, simulated ones too; at most `restoredRowsMax`. */
  activeBlocks(nowUs: number): Promise<readonly Block[]>;
  /** Targets that the detector blocked since a moment, and when it last did. */
  lastDetectorBlocks(sinceUs: number): Promise<ReadonlyMap<string, number>>;
  /** Targets blocked with proof since a moment, oldest first, simulated ones too. */
  provenBlocksSince(sinceUs: number): Promise<readonly (readonly [string, number])[]>;
  /** Blocks in force that have dropped something. */
  activeDrops(nowUs: number): Promise<readonly BlockDrops[]>;
  /** All blocks that a target ever had, newest first; at most `listedRowsMax`. */
  pastBlocks(target: string): Promise<readonly StoredBlock[]>;
  /**
   * How often each target was blocked with proof, simulated blocks left out; the least recently
   * blocked first, at most `returnsMax`.
   */
  provenBlockCounts(): Promise<readonly (readonly [string, number])[]>;
}

export function createBlockQueries(database: Database): BlockQueries {
  const select = async (rest: string, values: readonly SqlValue[]) => {
    const rows = await database.all<BlockRow>(`SELECT ${BLOCK_ROW} FROM blocks ${rest}`, values);
    return rows.map(storedBlock);
  };
  return {
    listBlocks: (page) => {
      const { where, values } = conditionsOf(page);
      return select(`${where} ORDER BY ${ORDERS[page.order ?? 'newest']} LIMIT ? OFFSET ?`, [
        ...values,
        boundLimit(page.limit),
        Math.max(0, Math.floor(page.offset)),
      ]);
    },
    countBlocks: async (filter) => {
      const { where, values } = conditionsOf(filter);
      const sql = `SELECT count(*) AS count FROM blocks ${where}`;
      return (await database.get<{ count: number }>(sql, values))?.count ?? 0;
    },
    activeBlocks: (nowUs) => activeBlocks(database, nowUs),
    lastDetectorBlocks: async (sinceUs) => {
      const rows = await database.all<{ target: string; atUs: number }>(
        `SELECT target, max(created_at_us) AS atUs FROM blocks
         WHERE origin = 'detector' AND created_at_us >= ? GROUP BY target`,
        [sinceUs],
      );
      return new Map(rows.map(({ target, atUs }) => [target, atUs]));
    },
    provenBlocksSince: async (sinceUs) => {
      const rows = await database.all<{ target: string; atUs: number }>(
        `SELECT target, created_at_us AS atUs FROM blocks
         WHERE proof <> 'none' AND created_at_us >= ? ORDER BY created_at_us LIMIT ?`,
        [sinceUs, LIMITS.restoredRowsMax],
      );
      return rows.map(({ target, atUs }) => [target, atUs] as const);
    },
    activeDrops: (nowUs) =>
      database.all<BlockDrops>(
        `SELECT id, packets_dropped AS packets FROM blocks
         WHERE ${ACTIVE} AND packets_dropped > 0 LIMIT ?`,
        [nowUs, LIMITS.restoredRowsMax],
      ),
    pastBlocks: (target) =>
      select('WHERE target = ? ORDER BY id DESC LIMIT ?', [target, LIMITS.listedRowsMax]),
    provenBlockCounts: async () => {
      const rows = await database.all<{ target: string; count: number }>(
        `SELECT target, count(*) AS count FROM blocks WHERE proof <> 'none' AND simulated = 0
         GROUP BY target ORDER BY max(id) DESC LIMIT ?`,
        [LIMITS.returnsMax],
      );
      return rows.reverse().map(({ target, count }) => [target, count] as const);
    },
  };
}

/** Page by page: the rows of 100,000 blocks as one answer take 100 MB. */
async function activeBlocks(database: Database, nowUs: number): Promise<readonly Block[]> {
  const sql = `SELECT ${BLOCK_ROW} FROM blocks WHERE ${ACTIVE} AND id > ? ORDER BY id LIMIT ?`;
  const texts = new Map<string, string>();
  const blocks: Block[] = [];
  for (let lastId = -1; blocks.length < LIMITS.restoredRowsMax;) {
    const rows = await database.all<BlockRow>(sql, [nowUs, lastId, LIMITS.insertRowsMax]);
    for (const row of rows) blocks.push(activeBlock(row, texts));
    lastId = rows.at(-1)?.id ?? lastId;
    if (rows.length < LIMITS.insertRowsMax) break;
  }
  return blocks;
}

/** A list brings thousands of blocks with one reason, which is kept once. */
function activeBlock(row: BlockRow, texts: Map<string, string>): Block {
  const block = plainBlock(row);
  const reason = texts.get(block.reason) ?? block.reason;
  if (texts.size < LIMITS.insertRowsMax) texts.set(reason, reason);
  return { ...block, reason };
}

/** A block whose time is over is not active, even before the expiry job has ended it. */
const ACTIVE = 'ended_at_us IS NULL AND (expires_at_us IS NULL OR expires_at_us > ?)';

function conditionsOf(filter: BlockFilter): { where: string; values: readonly SqlValue[] } {
  const active = filter.which === 'active';
  const texts = active ? [ACTIVE] : [];
  const values: SqlValue[] = active ? [filter.nowUs] : [];
  if (filter.targets !== undefined) {
    texts.push(`target IN (${filter.targets.map(() => '?').join(', ')})`);
    values.push(...filter.targets);
  }
  const equal: (readonly [string, string | undefined])[] = [
    ['scope', filter.scope],
    ['origin', filter.origin],
    ['attack_type', filter.attackType],
  ];
  for (const [column, value] of equal) {
    if (value === undefined) continue;
    texts.push(`${column} = ?`);
    values.push(value);
  }
  return { where: texts.length === 0 ? '' : `WHERE ${texts.join(' AND ')}`, values };
}
