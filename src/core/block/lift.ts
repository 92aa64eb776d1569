import { covers, parseCidr, type Cidr } from '../common/address.js';
import type { Block } from '../model/block.js';
import { blocksCovering, type BlockTable } from './block-table.js';
import { findProtected, type ProtectTable } from './protect.js';

/**
 * The blocks in force that share an address with a peer that `before` did not protect. Blocks made by
 * force over a protected peer stay: somebody meant them.
 */
export function blocksToLift(
  table: BlockTable,
  before: ProtectTable,
  after: ProtectTable,
  nowUs: number,
): readonly Block[] {
  const known = new Set(before.peers.map(({ target }) => target));
  const fresh = after.peers.filter(({ target }) => !known.has(target)).map(({ cidr }) => cidr);
  const lifted = new Set<Block>();
  for (const cidr of fresh) {
    for (const block of blocksCovering(table, cidr.text.slice(0, cidr.text.indexOf('/')), nowUs)) {
      lifted.add(block);
    }
  }
  const networks = fresh.filter((cidr) => !isHost(cidr));
  if (networks.length > 0) {
    for (const block of table.byTarget.values()) {
      const inner = parseCidr(block.target);
      if (inner !== null && networks.some((outer) => covers(outer, inner))) lifted.add(block);
    }
  }
  return [...lifted].filter((block) => !block.forced && isProtected(after, block));
}

const isHost = ({ family, prefix }: Cidr): boolean => prefix === (family === 4 ? 32 : 128);

function isProtected(protect: ProtectTable, block: Block): boolean {
  const cidr = parseCidr(block.target);
  return cidr !== null && findProtected(protect, cidr) !== null;
}
