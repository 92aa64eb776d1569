import { nftTimeText } from '../../core/common/duration.js';
import { safeJson } from '../../core/common/text.js';
import type { BlockView } from '../views.js';
import { csvLine } from './csv.js';

/** What `blocks export` writes: a head, a line for each block, and an end. */
export interface ExportFormat {
  readonly head: readonly string[];
  readonly line: (block: BlockView, first: boolean) => string;
  readonly end: readonly string[];
}

const NAME = 'sentrypeer';
/** ipset takes no longer timeout (ipset(8)). */
const IPSET_S_MAX = 2_147_483;

const isIpv6 = ({ target }: BlockView): boolean => target.includes(':');

/** Whole seconds that are left, at least one; null: no end. */
function secondsLeft({ expires_at: expiresAt }: BlockView, nowMs: number): number | null {
  if (expiresAt === null) return null;
  return Math.max(1, Math.ceil((Date.parse(expiresAt) - nowMs) / 1000));
}

/** What may stand in a comment of another program: our own words, nothing that a packet brought. */
const noteOf = (block: BlockView): string => block.rule ?? block.origin;

/** The formats by name. `nowMs` is when the remaining times are counted from. */
export function exportFormat(name: ExportName, nowMs: number): ExportFormat {
  switch (name) {
    case 'plain':
      return { head: [], line: (block) => block.target, end: [] };
    case 'json':
      return {
        head: ['{"blocks": ['],
        line: (block, first) => `${first ? '' : ','}${safeJson(JSON.stringify(block))}`,
        end: [']}'],
      };
    case 'csv':
      return {
        head: [CSV_COLUMNS.join(',')],
        line: (block) => csvLine(CSV_COLUMNS.map((column) => block[column])),
        end: [],
      };
    case 'nft':
      return nftFormat(nowMs);
    case 'ipset':
      return ipsetFormat(nowMs);
    case 'mikrotik':
      return mikrotikFormat(nowMs);
  }
}

export const EXPORT_NAMES = ['plain', 'nft', 'ipset', 'mikrotik', 'csv', 'json'] as const;
export type ExportName = (typeof EXPORT_NAMES)[number];

const CSV_COLUMNS = [
  'target',
  'scope',
  'origin',
  'proof',
  'rule',
  'attack_type',
  'reason',
  'created_at',
  'expires_at',
  'simulated',
  'forced',
  'packets_dropped',
] as const satisfies readonly (keyof BlockView)[];

/**
 * For another host's `nft -f`: a table of its own with a set for each length, because one interval
 * set takes no ranges that overlap.
 */
function nftFormat(nowMs: number): ExportFormat {
  const table = `inet ${NAME}_import`;
  const made = new Set<string>();
  return {
    head: [`add table ${table}`],
    line: (block) => {
      const [address = '', length = ''] = block.target.split('/');
      const left = secondsLeft(block, nowMs);
      const timeout = left === null ? '' : ` timeout ${nftTimeText(left)}`;
      const family = isIpv6(block) ? 6 : 4;
      const set = `blocked_ipv${family}_${length}`;
      const make = made.has(set)
        ? ''
        : `add set ${table} ${set} { type ipv${family}_addr; flags timeout; }\n`;
      made.add(set);
      return `${make}add element ${table} ${set} { ${address}${timeout} }`;
    },
    end: [],
  };
}

function ipsetFormat(nowMs: number): ExportFormat {
  const create = (family: 4 | 6): string =>
    `create ${NAME}${family} hash:net family inet${family === 4 ? '' : '6'} ` +
    'maxelem 1000000 timeout 0 -exist';
  return {
    head: [create(4), create(6)],
    line: (block) => {
      // ipset takes 0 for no end.
      const left = Math.min(secondsLeft(block, nowMs) ?? 0, IPSET_S_MAX);
      return `add ${NAME}${isIpv6(block) ? 6 : 4} ${block.target} timeout ${left} -exist`;
    },
    end: [],
  };
}

/** A RouterOS script for `/import`. */
function mikrotikFormat(nowMs: number): ExportFormat {
  return {
    head: [],
    line: (block) => {
      const left = secondsLeft(block, nowMs);
      const timeout = left === null ? '' : ` timeout=${left}s`;
      const note = noteOf(block).replace(/[^A-Za-z0-9._ -]/g, '_');
      return (
        `/${isIpv6(block) ? 'ipv6' : 'ip'} firewall address-list add list=${NAME} ` +
        `address=${block.target}${timeout} comment="${note}"`
      );
    },
    end: [],
  };
}
