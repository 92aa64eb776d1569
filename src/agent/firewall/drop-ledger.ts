import type { Block } from '../../core/model/block.js';
import { LIMITS } from '../../core/common/limits.js';
import type { BlockDrops } from '../../store/types.js';

/**
 * Packets dropped by block. The kernel's counter begins anew whenever an element is written anew,
 * so what it showed before is added up here. Only blocks that dropped something are kept.
 */
export interface DropLedger {
  /** Takes a reading of the kernel's counter. */
  note(block: Block, packets: number): void;
  /** The kernel's counters begin at zero: everything was written anew. */
  restart(): void;
  /** Totals that changed since they were last taken, a bounded number of them. */
  takeChanged(): readonly BlockDrops[];
  /** Forgets blocks that are no longer in force. */
  keepOnly(isActive: (id: number) => boolean): void;
}

interface Entry {
  total: number;
  last: number;
  changed: boolean;
}

export function createDropLedger(earlier: Iterable<BlockDrops> = []): DropLedger {
  const entries = new Map<number, Entry>();
  for (const { id, packets } of earlier) {
    entries.set(id, { total: packets, last: 0, changed: false });
  }
  return {
    note: ({ id }, packets) => {
      const entry = entries.get(id);
      if (entry === undefined) {
        if (packets > 0) entries.set(id, { total: packets, last: packets, changed: true });
        return;
      }
      const more = packets >= entry.last ? packets - entry.last : packets;
      entry.last = packets;
      if (more === 0) return;
      entry.total += more;
      entry.changed = true;
    },
    restart: () => {
      for (const entry of entries.values()) entry.last = 0;
    },
    takeChanged: () => {
      const taken: BlockDrops[] = [];
      for (const [id, entry] of entries) {
        if (!entry.changed) continue;
        if (taken.length >= LIMITS.blocksPerRequestMax) break;
        entry.changed = false;
        taken.push({ id, packets: entry.total });
      }
      return taken;
    },
    keepOnly: (isActive) => {
      for (const id of entries.keys()) if (!isActive(id)) entries.delete(id);
    },
  };
}
