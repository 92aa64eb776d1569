import { cidrOf } from '../common/address.js';
import { leavesTrap, type Block } from '../model/block.js';

/**
 * The active blocks in memory, one a target. The prefix lengths in use are counted, so that a
 * look-up by address tries only those; ends are kept in buckets of a minute, so that settling
 * costs what has ended and not what there is.
 */
export interface BlockTable {
  readonly byTarget: Map<string, Block>;
  readonly prefixUses: { readonly 4: Map<number, number>; readonly 6: Map<number, number> };
  /** The prefix lengths in use, the longest first. */
  readonly prefixes: { 4: readonly number[]; 6: readonly number[] };
  readonly endsByMinute: Map<number, Set<string>>;
}

const MINUTE_US = 60_000_000;

export function createBlockTable(blocks: readonly Block[] = []): BlockTable {
  const table: BlockTable = {
    byTarget: new Map(),
    prefixUses: { 4: new Map(), 6: new Map() },
    prefixes: { 4: [], 6: [] },
    endsByMinute: new Map(),
  };
  for (const block of blocks) putBlock(table, block);
  return table;
}

/** Puts a block in; the one that had its target before is returned and is no longer active. */
export function putBlock(table: BlockTable, block: Block): Block | null {
  const before = takeBlock(table, block.target);
  table.byTarget.set(block.target, block);
  countPrefix(table, block.target, 1);
  if (block.expiresAtUs !== null) {
    const minute = Math.floor(block.expiresAtUs / MINUTE_US);
    const bucket = table.endsByMinute.get(minute);
    if (bucket === undefined) table.endsByMinute.set(minute, new Set([block.target]));
    else bucket.add(block.target);
  }
  return before;
}

/** Takes a target's block out; null when there was none. */
export function takeBlock(table: BlockTable, target: string): Block | null {
  const block = table.byTarget.get(target);
  if (block === undefined) return null;
  table.byTarget.delete(target);
  countPrefix(table, target, -1);
  if (block.expiresAtUs !== null) {
    const minute = Math.floor(block.expiresAtUs / MINUTE_US);
    const bucket = table.endsByMinute.get(minute);
    bucket?.delete(target);
    if (bucket?.size === 0) table.endsByMinute.delete(minute);
  }
  return block;
}

/** Takes out all blocks whose end has come by `nowUs`. */
export function takeEnded(table: BlockTable, nowUs: number): readonly Block[] {
  const ended: Block[] = [];
  for (const [minute, targets] of table.endsByMinute) {
    if (minute * MINUTE_US > nowUs) continue;
    for (const target of targets) {
      const block = table.byTarget.get(target);
      if (block !== undefined && isEnded(block, nowUs)) ended.push(block);
    }
  }
  for (const block of ended) takeBlock(table, block.target);
  return ended;
}

export const isEnded = (block: Block, nowUs: number): boolean =>
  block.expiresAtUs !== null && block.expiresAtUs <= nowUs;

/** The active blocks that cover a canonical address, the narrowest first. */
export function blocksCovering(
  table: BlockTable,
  address: string,
  nowUs: number,
): readonly Block[] {
  if (table.byTarget.size === 0) return [];
  const family = address.includes(':') ? 6 : 4;
  const found: Block[] = [];
  for (const prefix of table.prefixes[family]) {
    const host = family === 4 && prefix === 32;
    const target = host ? `${address}/32` : cidrOf(address, prefix)?.text;
    const block = target === undefined ? undefined : table.byTarget.get(target);
    if (block !== undefined && !isEnded(block, nowUs)) found.push(block);
  }
  return found;
}

/** The real block that has kept an address from the trap for longest; null: none does. */
export function oldestCovering(table: BlockTable, address: string, nowUs: number): Block | null {
  let oldest: Block | null = null;
  for (const block of blocksCovering(table, address, nowUs)) {
    if (block.simulated || leavesTrap(block)) continue;
    if (oldest === null || block.createdAtUs < oldest.createdAtUs) oldest = block;
  }
  return oldest;
}

/** Targets are canonical CIDR text with a length; a start puts 100,000 in, so they are not parsed. */
function countPrefix(table: BlockTable, target: string, change: 1 | -1): void {
  const slash = target.lastIndexOf('/');
  const prefix = Number(target.slice(slash + 1));
  if (slash < 1 || !Number.isInteger(prefix)) {
    throw new Error(`block target ${target} is no canonical CIDR`);
  }
  const family = target.includes(':') ? 6 : 4;
  const uses = table.prefixUses[family];
  const count = (uses.get(prefix) ?? 0) + change;
  if (count === 0) uses.delete(prefix);
  else uses.set(prefix, count);
  if (count === 0 || (count === 1 && change === 1)) {
    table.prefixes[family] = [...uses.keys()].sort((a, b) => b - a);
  }
}
