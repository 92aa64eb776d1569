import {
  paidBlock,
  type PaidBlock,
  type PaidColumns,
} from '../../core/detect/score/restore-points.js';
import type { AttackType } from '../../core/model/attack-type.js';
import type { Block, BlockOrigin, Scope } from '../../core/model/block.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Proof } from '../../core/model/proof.js';
import { boundLimit } from './read-events.js';
import { BLOCK_ROW, storedBlock, type BlockRow } from '../rows.js';
import type { Database, SqlValue } from '../database/sqlite.js';
import type { BlockDrops, StoredBlock } from '../types.js';

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

interface LastBlockRow extends Omit<PaidColumns, 'simulated'> {
  readonly target: string;
  readonly simulated: number;
}

export interface BlockQueries {
  /** Newest first where no order is named; at most `listedRowsMax` a page. */
  listBlocks(page: BlockPage): Promise<readonly StoredBlock[]>;
  countBlocks(filter: BlockFilter): Promise<number>;
  /** Every block in force, oldest first, simulated ones too; at most `restoredRowsMax`. */
  activeBlocks(nowUs: number): Promise<readonly Block[]>;
  /** Targets that the detector blocked since a moment, each with the last block. */
  lastDetectorBlocks(sinceUs: number): Promise<ReadonlyMap<string, PaidBlock>>;
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
      const { where, values } = blockConditions(page);
      return select(`${where} ORDER BY ${ORDERS[page.order ?? 'newest']} LIMIT ? OFFSET ?`, [
        ...values,
        boundLimit(page.limit),
        Math.max(0, Math.floor(page.offset)),
      ]);
    },
    countBlocks: async (filter) => {
      const { where, values } = blockConditions(filter);
      const sql = `SELECT count(*) AS count FROM blocks ${where}`;
      return (await database.get<{ count: number }>(sql, values))?.count ?? 0;
    },
    activeBlocks: (nowUs) => activeBlocks(database, nowUs),
    lastDetectorBlocks: (sinceUs) => lastDetectorBlocks(database, sinceUs),
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

/** One row of `activeBlocks`, in this order. */
const ACTIVE_COLUMNS = `id, target, scope, origin, proof, rule, attack_type, reason,
  created_at_us, expires_at_us, simulated, forced`;

type ActiveColumns = readonly [
  id: number,
  target: string,
  scope: Scope,
  origin: BlockOrigin,
  proof: Proof,
  rule: string | null,
  attackType: AttackType | null,
  reason: string,
  createdAtUs: number,
  expiresAtUs: number | null,
  simulated: number,
  forced: number,
];

async function lastDetectorBlocks(database: Database, sinceUs: number) {
  // SQLite takes the other columns from the row that has the maximum.
  const rows = await database.all<LastBlockRow>(
    `SELECT target, max(created_at_us) AS createdAtUs, expires_at_us AS expiresAtUs,
     ended_at_us AS endedAtUs, proof, scope, simulated
     FROM blocks WHERE origin = 'detector' AND created_at_us >= ? GROUP BY target`,
    [sinceUs],
  );
  return new Map(
    rows.map((row) => [row.target, paidBlock({ ...row, simulated: row.simulated === 1 })]),
  );
}

/**
 * A page is one text that SQLite makes in its own thread: a start waits for these blocks, and
 * 100,000 rows as objects of their own cost this thread a second and 100 MB.
 */
async function activeBlocks(database: Database, nowUs: number): Promise<readonly Block[]> {
  const sql = `SELECT max(id) AS lastId, json_group_array(json_array(${ACTIVE_COLUMNS})) AS page
    FROM (SELECT ${ACTIVE_COLUMNS} FROM blocks WHERE ${ACTIVE} AND id > ? ORDER BY id LIMIT ?)`;
  const read = (afterId: number) =>
    database.get<{ lastId: number | null; page: string }>(sql, [
      nowUs,
      afterId,
      LIMITS.restoredPageRows,
    ]);
  const texts = new Map<string, string>();
  const blocks: Block[] = [];
  for (let row = await read(-1); row !== null && row.lastId !== null;) {
    const room = LIMITS.restoredRowsMax - blocks.length - LIMITS.restoredPageRows;
    // The next page is read in SQLite's thread while this one is taken apart.
    const reading = room > 0 ? read(row.lastId) : null;
    // The columns hold what this program wrote, in the order that the statement names.
    const page = JSON.parse(row.page) as readonly ActiveColumns[];
    for (const columns of page) blocks.push(activeBlock(columns, texts));
    row = await reading;
  }
  return blocks;
}

/** A list brings thousands of blocks with one reason, which is kept once. */
function activeBlock(columns: ActiveColumns, texts: Map<string, string>): Block {
  const [id, target, scope, origin, proof, rule, attackType, said, ...rest] = columns;
  const [createdAtUs, expiresAtUs, simulated, forced] = rest;
  const once = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size < LIMITS.insertRowsMax) texts.set(text, text);
    return text;
  };
  return {
    id,
    target,
    // Parsed text makes a new string for each row; there are few different ones.
    scope: once(scope) as Scope,
    origin: once(origin) as BlockOrigin,
    proof: once(proof) as Proof,
    rule: rule === null ? null : once(rule),
    attackType: attackType === null ? null : (once(attackType) as AttackType),
    reason: once(said),
    createdAtUs,
    expiresAtUs,
    simulated: simulated === 1,
    forced: forced === 1,
  };
}

/** A block whose time is over is not active, even before the expiry job has ended it. */
const ACTIVE = 'ended_at_us IS NULL AND (expires_at_us IS NULL OR expires_at_us > ?)';

export function blockConditions(filter: BlockFilter): {
  where: string;
  values: readonly SqlValue[];
} {
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
