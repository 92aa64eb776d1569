import { createHash } from 'node:crypto';
import { parseCidr } from '../../core/common/address.js';
import { createMutex } from '../../core/common/mutex.js';
import { findProtected, type ProtectTable } from '../../core/block/protect.js';
import type { BlockListFilter } from '../../store/read/read-block-lists.js';
import type { NumberFilter } from '../../store/read/read-numbers.js';
import { LIMITS } from '../../core/common/limits.js';
import type { StoredBlock } from '../../store/types.js';
import type { ApiServices } from '../facts.js';
import { blockView } from '../views.js';
import {
  exportFormat,
  tellsTimeLeft,
  type ExportName,
  type Families,
} from '../views/block-export.js';
import { NUMBER_CSV_HEAD, numberCsv, numberView } from '../views/number.js';

/** A list as a text that is read and written page by page, however long it is. */
export interface ListAnswer {
  readonly type: string;
  /** Another one where the text is another; as it stands between quotes in an ETag. Null: it has none. */
  readonly tag: string | null;
  readonly pages: () => AsyncIterable<string>;
}

type Read = ApiServices['read'];

const MINUTE_MS = 60_000;
const ALL_TOKENS = 22;

/** Pages of lists are asked for one after another, so that many lists leave room for other questions. */
const pagesInTurn = createMutex();
const inTurn =
  (read: Read): Read =>
  (query) =>
    pagesInTurn.run(() => read(query));

/** Blocks in force, page by page, without those that share an address with a protected peer. */
export async function* listedBlocks(
  read: Read,
  filter: BlockListFilter,
  protect: () => ProtectTable,
): AsyncGenerator<readonly StoredBlock[]> {
  let afterId = -1;
  for (;;) {
    const from = afterId;
    const page = await read((reader) => reader.blocksAfter(filter, from));
    if (page === null) return;
    afterId = page.lastId;
    const peers = protect();
    yield page.blocks.filter(({ target }) => mayBeListed(peers, target));
  }
}

/** A list goes to firewalls that do not know whom this host protects. */
export function mayBeListed(protect: ProtectTable, target: string): boolean {
  const cidr = parseCidr(target);
  return cidr !== null && findProtected(protect, cidr) === null;
}

export interface BlockListOptions extends Omit<BlockListFilter, 'nowUs' | 'family'> {
  readonly families: Families;
}

/** The blocks in force as another program reads them. */
export async function blockList(
  { read: ask, facts }: Pick<ApiServices, 'read' | 'facts'>,
  name: ExportName,
  type: string,
  { families, ...options }: BlockListOptions,
): Promise<ListAnswer> {
  const read = inTurn(ask);
  const nowUs = facts.nowUs();
  const filter = {
    ...options,
    nowUs,
    ...(families !== 'both' && { family: families === '4' ? (4 as const) : (6 as const) }),
  };
  // Times that are left are told as of the whole minute: within it, the same blocks are the same text.
  const minuteMs = Math.floor(nowUs / 1_000 / MINUTE_MS) * MINUTE_MS;
  const hash = createHash('sha256').update(`${facts.version} ${name} ${families}`);
  if (tellsTimeLeft(name)) hash.update(` ${minuteMs}`);
  for (const { target } of facts.protect().peers) hash.update(` ${target}`);
  const withDrops = name === 'csv';
  for (let afterId: number | null = -1; afterId !== null;) {
    const from: number = afterId;
    const page = await read((reader) => reader.blockMarksAfter({ ...filter, withDrops }, from));
    if (page !== null) hash.update(`;${page.marks}`);
    afterId = page?.lastId ?? null;
  }
  const format = () => exportFormat(name, minuteMs, families);
  return {
    type,
    tag: hash.digest('base64url').slice(0, ALL_TOKENS),
    pages: async function* () {
      const { head, line, end } = format();
      if (head.length > 0) yield linesOf(head);
      let first = true;
      for await (const blocks of listedBlocks(read, filter, facts.protect)) {
        const lines: string[] = [];
        for (const block of blocks) {
          lines.push(line(blockView(block, block.packetsDropped), first));
          first = false;
        }
        if (lines.length > 0) yield linesOf(lines);
      }
      const rest = end();
      if (rest.length > 0) yield linesOf(rest);
    },
  };
}

const linesOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

/** Telephone numbers that were dialled, the last dialled first. */
export async function numberList(
  { read: ask }: Pick<ApiServices, 'read'>,
  form: 'plain' | 'csv',
  type: string,
  filter: Omit<NumberFilter, 'limit' | 'order' | 'after'>,
): Promise<ListAnswer> {
  const read = inTurn(ask);
  const mark = await read((reader) => reader.numbersMark(filter));
  const tag = createHash('sha256').update(`${form} ${mark}`).digest('base64url');
  return {
    type,
    tag: tag.slice(0, ALL_TOKENS),
    pages: async function* () {
      if (form === 'csv') yield linesOf([NUMBER_CSV_HEAD]);
      let after: NumberFilter['after'];
      do {
        const page = {
          ...filter,
          order: 'last' as const,
          limit: LIMITS.apiListPageRows,
          ...(after !== undefined && { after }),
        };
        const numbers = await read((reader) => reader.listNumbers(page));
        const lines = numbers.map((number) =>
          form === 'csv' ? numberCsv(numberView(number)) : number.number,
        );
        if (lines.length > 0) yield linesOf(lines);
        after = numbers.length < LIMITS.apiListPageRows ? undefined : numbers.at(-1);
      } while (after !== undefined);
    },
  };
}

/**
 * When each list became what it is, in whole seconds: the moment at which it was first asked for so.
 * One that changes again within a second is a second later, for a list of an earlier text must not
 * pass as unchanged.
 */
export function createListMoments(knownMax: number) {
  const known = new Map<string, { readonly tag: string; readonly atS: number }>();
  return (key: string, tag: string, nowMs: number): number => {
    const before = known.get(key);
    if (before?.tag === tag) return before.atS;
    const atS = Math.max(Math.floor(nowMs / 1_000), (before?.atS ?? 0) + 1);
    known.delete(key);
    known.set(key, { tag, atS });
    const [oldest] = known.keys();
    if (known.size > knownMax && oldest !== undefined) known.delete(oldest);
    return atS;
  };
}
