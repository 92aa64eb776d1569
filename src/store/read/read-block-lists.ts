import type { BlockOrigin, Scope } from '../../core/model/block.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Database, SqlValue } from '../database/sqlite.js';
import { BLOCK_ROW, storedBlock, type BlockRow } from '../rows.js';
import type { StoredBlock } from '../types.js';
import { blockConditions } from './read-blocks.js';

/** Blocks in force for a list that goes to others. */
export interface BlockListFilter {
  readonly nowUs: number;
  /** Only this family. */
  readonly family?: 4 | 6;
  readonly scope?: Scope;
  readonly origin?: BlockOrigin;
  /** Those as well that the detector made of a source whose address was not proved. */
  readonly unproven: boolean;
}

export interface BlockPageRead {
  readonly lastId: number;
  readonly blocks: readonly StoredBlock[];
}

export interface BlockListQueries {
  /** The next blocks after an id, the oldest first, simulated ones left out; null: there are none. */
  blocksAfter(filter: BlockListFilter, afterId: number): Promise<BlockPageRead | null>;
  /** A text that is another one when what `blocksAfter` gives in all is; as many pages. */
  blockMarksAfter(
    filter: BlockListFilter & { readonly withDrops: boolean },
    afterId: number,
  ): Promise<{ readonly lastId: number; readonly marks: string } | null>;
  /** Blocks that were ended before their time, which is not over yet; at most `listedRowsMax`. */
  endedEarly(nowUs: number): Promise<readonly StoredBlock[]>;
}

export function createBlockListQueries(database: Database): BlockListQueries {
  const select = async (rest: string, values: readonly SqlValue[]) => {
    const rows = await database.all<BlockRow>(`SELECT ${BLOCK_ROW} FROM blocks ${rest}`, values);
    return rows.map(storedBlock);
  };
  return {
    blocksAfter: async (filter, afterId) => {
      const { where, values } = listConditionsOf(filter, afterId);
      // From id to id through all pages is one walk over the table; an index would be sorted for each.
      const blocks = await select(`NOT INDEXED ${where} ORDER BY id LIMIT ?`, [
        ...values,
        LIMITS.apiListPageRows,
      ]);
      const last = blocks.at(-1);
      return last === undefined ? null : { lastId: last.id, blocks };
    },
    blockMarksAfter: async (filter, afterId) => {
      const { where, values } = listConditionsOf(filter, afterId);
      const row = await database.get<{ lastId: number | null; marks: string }>(
        `SELECT max(id) AS lastId, group_concat(id || ' ' || coalesce(expires_at_us, '')
           || ' ' || drops) AS marks
         FROM (SELECT id, expires_at_us, ${filter.withDrops ? 'packets_dropped' : '0'} AS drops
           FROM blocks NOT INDEXED ${where} ORDER BY id LIMIT ?)`,
        [...values, LIMITS.apiListPageRows * MARKS_OF_A_ROW],
      );
      return row === null || row.lastId === null ? null : { lastId: row.lastId, marks: row.marks };
    },
    endedEarly: (nowUs) =>
      select(
        `WHERE end_how = 'removed' AND simulated = 0 AND (expires_at_us IS NULL OR expires_at_us > ?)
         ORDER BY id DESC LIMIT ?`,
        [nowUs, LIMITS.listedRowsMax],
      ),
  };
}

/** Marks are so much shorter than blocks. */
const MARKS_OF_A_ROW = 10;

function listConditionsOf(filter: BlockListFilter, afterId: number) {
  const { nowUs, scope, origin, family, unproven } = filter;
  const { where, values } = blockConditions({
    which: 'active',
    nowUs,
    ...(scope !== undefined && { scope }),
    ...(origin !== undefined && { origin }),
  });
  const more = ['id > ?', 'simulated = 0'];
  if (family !== undefined) more.push(`instr(target, ':') ${family === 4 ? '=' : '>'} 0`);
  if (!unproven) more.push("(proof <> 'none' OR origin <> 'detector')");
  return { where: `${where} AND ${more.join(' AND ')}`, values: [...values, afterId] };
}
