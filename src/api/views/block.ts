import { cidrOf } from '../../core/common/address.js';
import type { StoredBlock } from '../../store/types.js';
import { blockView, formatTime, type BlockView } from '../views.js';

export interface ListedBlock extends BlockView {
  readonly packets_dropped: number;
  readonly ended_at: string | null;
  readonly end_how: StoredBlock['endHow'];
}

export interface BlocksListing {
  readonly blocks: readonly ListedBlock[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

/** The address with every length there is. */
export function networksAround(address: string): string[] {
  const bits = address.includes(':') ? 128 : 32;
  const lengths = Array.from({ length: bits }, (_, index) => index + 1);
  return lengths.flatMap((length) => cidrOf(address, length)?.text ?? []);
}

export const viewListed = (row: StoredBlock): ListedBlock => ({
  ...blockView(row, null),
  packets_dropped: row.packetsDropped,
  ended_at: row.endedAtUs === null ? null : formatTime(row.endedAtUs),
  end_how: row.endHow,
});
