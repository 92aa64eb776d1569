import { maskText } from '../../core/common/address.js';
import { nftTimeText } from '../../core/common/duration.js';
import { safeJson } from '../../core/common/text.js';
import type { BlockView } from '../views.js';
import { csvLine } from './csv.js';
import type { ExportFormat } from './export-format.js';
import { stixFormat } from './stix.js';

const NAME = 'sentrypeer';
/** Which families a list is for. */
export type Families = 'both' | '4' | '6';
/** ipset takes no longer timeout (ipset(8)). */
const IPSET_S_MAX = 2_147_483;

const NO_END = (): readonly string[] => [];

const isIpv6 = ({ target }: BlockView): boolean => target.includes(':');

/** Whole seconds that are left, at least one; null: no end. */
function secondsLeft({ expires_at: expiresAt }: BlockView, nowMs: number): number | null {
  if (expiresAt === null) return null;
  return Math.max(1, Math.ceil((Date.parse(expiresAt) - nowMs) / 1000));
}

/** What may stand in a comment of another program: our own words, nothing that a packet brought. */
const noteOf = (block: BlockView): string =>
  (block.rule ?? block.origin).replace(/[^A-Za-z0-9._ -]/g, '_');

/**
 * The formats by name. `nowMs` is when the remaining times are counted from; `families`: what is to
 * be replaced by the list in formats that replace what was there before.
 */
export function exportFormat(
  name: ExportName,
  nowMs: number,
  families: Families = 'both',
): ExportFormat {
  switch (name) {
    case 'plain':
      return { head: [], line: (block) => block.target, end: NO_END };
    case 'json':
      return {
        head: ['{"blocks": ['],
        line: (block, first) => `${first ? '' : ','}${safeJson(JSON.stringify(block))}`,
        end: () => [']}'],
      };
    case 'csv':
      return {
        head: [CSV_COLUMNS.join(',')],
        line: (block) => csvLine(CSV_COLUMNS.map((column) => block[column])),
        end: NO_END,
      };
    case 'nft':
      return nftFormat(nowMs);
    case 'ipset':
      return ipsetFormat(nowMs, familiesOf(families));
    case 'mikrotik':
      return mikrotikFormat(nowMs, familiesOf(families));
    case 'alias':
      return { head: [], line: aliasLine, end: NO_END };
    case 'stix':
      return stixFormat();
  }
}

export const EXPORT_NAMES = [
  'plain',
  'nft',
  'ipset',
  'mikrotik',
  'alias',
  'csv',
  'json',
  'stix',
] as const;
export type ExportName = (typeof EXPORT_NAMES)[number];

/** Formats in which a block has its remaining time: what they say is another thing a moment later. */
export const tellsTimeLeft = (name: ExportName): boolean =>
  name === 'nft' || name === 'ipset' || name === 'mikrotik';

const familiesOf = (families: Families): readonly (4 | 6)[] =>
  families === 'both' ? [4, 6] : [families === '4' ? 4 : 6];

/** One a line for an alias of pfSense or OPNsense: an address alone, or a network, and a note. */
const aliasLine = (block: BlockView): string =>
  `${block.target.replace(/\/(?:32|128)$/, (length) => (isHost(block, length) ? '' : length))} ${noteOf(block)}`;

const isHost = (block: BlockView, length: string): boolean =>
  length === (isIpv6(block) ? '/128' : '/32');

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
 * For another host's `nft -f`, which takes it whole or not at all: a table of its own in place of the
 * one before, that drops what is listed. With a set for each length, because one interval set takes no
 * ranges that overlap, and merging them gives all one time.
 */
function nftFormat(nowMs: number): ExportFormat {
  const table = `inet ${NAME}_list`;
  const made = new Map<string, string>();
  return {
    head: [
      `add table ${table}`,
      `delete table ${table}`,
      `add table ${table}`,
      `add chain ${table} blocked { type filter hook prerouting priority -310; policy accept; }`,
    ],
    line: (block) => {
      const [address = '', length = ''] = block.target.split('/');
      const left = secondsLeft(block, nowMs);
      const timeout = left === null ? '' : ` timeout ${nftTimeText(left)}`;
      const family = isIpv6(block) ? 6 : 4;
      const set = `blocked_ipv${family}_${length}`;
      const make = made.has(set)
        ? ''
        : `add set ${table} ${set} { type ipv${family}_addr; flags timeout; }\n`;
      if (make !== '') made.set(set, nftRule(family, Number(length), set));
      return `${make}add element ${table} ${set} { ${address}${timeout} }`;
    },
    end: () => [...made.values()].map((rule) => `add rule ${table} blocked ${rule}`),
  };
}

function nftRule(family: 4 | 6, length: number, set: string): string {
  const field = family === 4 ? 'ip saddr' : 'ip6 saddr';
  const whole = length === (family === 4 ? 32 : 128);
  return `${field} ${whole ? '' : `& ${maskText(family, length)} `}@${set} drop`;
}

/**
 * For `ipset restore`: the list is made beside the set that rules use, and takes its place at once, so
 * that who is blocked no longer is in it neither.
 */
function ipsetFormat(nowMs: number, families: readonly (4 | 6)[]): ExportFormat {
  const create = (name: string, family: 4 | 6): string =>
    `create ${name} hash:net family inet${family === 4 ? '' : '6'} ` +
    'maxelem 1000000 timeout 0 -exist';
  const next = (family: 4 | 6): string => `${NAME}${family}_next`;
  return {
    head: families.flatMap((family) => [
      create(`${NAME}${family}`, family),
      create(next(family), family),
      `flush ${next(family)}`,
    ]),
    line: (block) => {
      // ipset takes 0 for no end.
      const left = Math.min(secondsLeft(block, nowMs) ?? 0, IPSET_S_MAX);
      return `add ${next(isIpv6(block) ? 6 : 4)} ${block.target} timeout ${left} -exist`;
    },
    end: () =>
      families.flatMap((family) => [
        `swap ${next(family)} ${NAME}${family}`,
        `destroy ${next(family)}`,
      ]),
  };
}

/** A RouterOS script for `/import`, in place of the list before: adding an entry twice would end it. */
function mikrotikFormat(nowMs: number, families: readonly (4 | 6)[]): ExportFormat {
  const list = (family: 4 | 6): string => `/${family === 6 ? 'ipv6' : 'ip'} firewall address-list`;
  return {
    head: families.map((family) => `${list(family)} remove [find list=${NAME}]`),
    line: (block) => {
      const left = secondsLeft(block, nowMs);
      const timeout = left === null ? '' : ` timeout=${left}s`;
      return (
        `${list(isIpv6(block) ? 6 : 4)} add list=${NAME} ` +
        `address=${block.target}${timeout} comment="${noteOf(block)}"`
      );
    },
    end: NO_END,
  };
}
