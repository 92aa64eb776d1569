import { isIP } from 'node:net';
import type { KernelScope } from '../../core/model/block.js';
import { maskText, parseCidr, type Cidr } from '../../core/common/address.js';
import { nftTimeText } from '../../core/common/duration.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import {
  bitsOf,
  portTexts,
  readSetName,
  setName,
  type SetKey,
  type SetPurpose,
} from './element.js';
import { besideChains, NEIGHBOUR_DISCOVERY } from './beside.js';
import { limitChainRules, limitSets } from './limit.js';
import { ownerChain } from './owner.js';
import type { DesiredBlock, DesiredFirewall, FirewallOwner } from '../port.js';

/**
 * The text that nft reads. Only canonical CIDR text, integers and names made here enter it, so
 * nothing that came from a packet can become a command.
 *
 * Every block sits in a hash set for its scope, family and prefix length, and one rule for each set
 * masks the source before it looks (`ip saddr & 255.255.255.0 @all_ipv4_24`). So an add costs the
 * same at any size, ranges are exact and may overlap, where an interval set costs O(n) for an add
 * (1.7 s at 100,000 elements) and refuses overlaps.
 */

/** A text for `nft -f -` and the names of the block sets that exist once it has run. */
export interface NftScript {
  readonly text: string;
  readonly blockSets: ReadonlySet<string>;
  /** true: a set is made, and its rule: doing that twice would be wrong. */
  readonly makesSets: boolean;
}

/** Address → timeout in whole seconds; null: no end; 'absent': it is to be taken away. */
export type Elements = Map<string, number | null | 'absent'>;

const BASE_PREFIXES = [
  { family: 4, prefix: 32 },
  { family: 4, prefix: 24 },
  { family: 6, prefix: 128 },
  { family: 6, prefix: 64 },
] as const;

const KERNEL_SCOPES: readonly KernelScope[] = ['forced', 'all', 'sip', 'beside'];

/**
 * A target checked once more before it becomes text: canonical, with its length, and not everybody.
 * Throws AgentError FIREWALL_FAILED.
 */
export function requireTarget(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr?.text !== text) {
    throw new AgentError(
      'FIREWALL_FAILED',
      `the firewall got a target that is not a canonical network: ${JSON.stringify(text)}`,
      'write the network address with its length, for example 203.0.113.7/32',
    );
  }
  return cidr;
}

/** The same for what is to be dropped: a block of length 0 would shut everybody out. */
export function requireBlockTarget(text: string): Cidr {
  const cidr = requireTarget(text);
  if (cidr.prefix > 0) return cidr;
  throw new AgentError(
    'FIREWALL_FAILED',
    `a block of ${text} would drop every packet there is`,
    'name a smaller network',
  );
}

/** Builds the whole table, replacing what is there in one transaction. Throws AgentError. */
export function buildSyncScript(
  table: string,
  desired: DesiredFirewall,
  owner: FirewallOwner | null = null,
): NftScript {
  const blocks = blockTexts(desired.blocks);
  const marks = owner === null ? [] : [ownerChain(owner)];
  const lines = [
    `add table inet ${table}`,
    `delete table inet ${table}`,
    ...tableLines(table, desired, blocks, marks),
  ];
  return { text: lines.join('\n'), blockSets: new Set(blocks.keys()), makesSets: true };
}

/**
 * Builds the same in two steps: the table with the newest blocks, to be refused where a table of this
 * name stands, and then all other blocks. Throws AgentError.
 */
export function buildRestoreScripts(
  table: string,
  desired: DesiredFirewall,
  owner: FirewallOwner | null,
): { readonly first: NftScript; readonly rest: string } {
  const at = Math.max(0, desired.blocks.length - LIMITS.firewallRestoreFirstBlocks);
  const blocks = blockTexts(desired.blocks.slice(at));
  const others = blockTexts(desired.blocks.slice(0, at));
  for (const name of others.keys()) if (!blocks.has(name)) blocks.set(name, []);
  const marks = owner === null ? [] : [ownerChain(owner)];
  const lines = [`create table inet ${table}`, ...tableLines(table, desired, blocks, marks)];
  const rest = [...others].map(
    ([name, elements]) => `add element inet ${table} ${name} { ${elements.join(', ')} }\n`,
  );
  const first = { text: lines.join('\n'), blockSets: new Set(blocks.keys()), makesSets: true };
  return { first, rest: rest.join('') };
}

function tableLines(
  table: string,
  desired: DesiredFirewall,
  blocks: Map<string, readonly string[]>,
  marks: readonly string[],
): readonly string[] {
  const protect = groupProtected(desired.protect);
  for (const name of baseSetNames()) if (!blocks.has(name)) blocks.set(name, []);
  const [hook, ...rules] = BASE_CHAIN;
  return [
    `table inet ${table} {`,
    ...marks,
    ` set sip_ports { type inet_service; ${elementsClause(portTexts(desired.sipPorts))}}`,
    ...[...protect].map(
      ([name, elements]) => ` set ${name} { ${setType(name)}${elementsClause(texts(elements))}}`,
    ),
    ...[...blocks].map(
      ([name, elements]) =>
        ` set ${name} { ${blockSetBody(name, desired.blocksMax)}` +
        `counter; ${elementsClause(elements)}}`,
    ),
    ...limitSets(),
    chain('limit_sip', desired.limiting ? limitChainRules(desired.storm) : []),
    chain('protect', [...protect.keys()].map(acceptRule)),
    ...KERNEL_SCOPES.map((scope) => chain(`drop_${scope}`, rulesOf([...blocks.keys()], scope))),
    chain('prerouting', [`${hook}; policy accept`, ...rules]),
    ...besideChains(desired.trap).map(([name, lines]) => chain(name, lines)),
    '}',
    '',
  ];
}

export function groupProtected(peers: readonly string[]): Map<string, Elements> {
  const scope = 'protect' as const;
  return groupElements(peers, (target) => ({
    cidr: requireTarget(target),
    scope,
    timeoutS: null,
  }));
}

/**
 * Order matters. Neighbour discovery first: a /64 block of one's own link must not cut it off.
 * Then what was blocked by force over a protected peer, the protected, full drops, the answers to
 * what this host itself asked (a forged packet must not cut a trunk), last the limit of a storm and
 * the drops that reach only the SIP ports. `accept` ends this
 * chain alone; the rules of others still see the packet. Scope `beside` has hooks of its own (nft-beside.ts).
 */
const BASE_CHAIN = [
  // mangle is -150: conntrack (-200) knows the direction, destination NAT (-100) is still to come.
  'type filter hook prerouting priority mangle',
  NEIGHBOUR_DISCOVERY,
  'jump drop_forced',
  'jump protect',
  'jump drop_all',
  'ct direction reply accept',
  'meta l4proto { tcp, udp } th dport @sip_ports jump limit_sip',
  'meta l4proto { tcp, udp } th dport @sip_ports jump drop_sip',
];

/** Names of the block sets that every table of ours has from the start. */
export function baseSetNames(): string[] {
  return KERNEL_SCOPES.flatMap((purpose) =>
    BASE_PREFIXES.map((base) => setName({ purpose, ...base })),
  );
}

interface Entry {
  readonly cidr: Cidr;
  readonly scope: SetPurpose;
  readonly timeoutS: number | null | 'absent';
}

/** Reads items one by one: what a hundred thousand parsed targets hold would be 25 MB. */
export function groupElements<T>(
  items: Iterable<T>,
  read: (item: T) => Entry,
): Map<string, Elements> {
  const groups = new Map<string, Elements>();
  for (const item of items) {
    const { cidr, scope, timeoutS } = read(item);
    const name = setName({ purpose: scope, family: cidr.family, prefix: cidr.prefix });
    const elements = groups.get(name) ?? new Map<string, number | null | 'absent'>();
    groups.set(name, elements);
    elements.set(cidr.text.slice(0, cidr.text.indexOf('/')), timeoutS);
  }
  return groups;
}

/**
 * The elements of a whole table by set. Starts and repairs wait for this text, so the common kind,
 * one IPv4 address, is not taken apart.
 */
function blockTexts(blocks: readonly DesiredBlock[]): Map<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  const groupOf = (key: SetKey): string[] => {
    const name = setName(key);
    const known = groups.get(name);
    if (known !== undefined) return known;
    const elements: string[] = [];
    groups.set(name, elements);
    return elements;
  };
  const hosts: Partial<Record<KernelScope, string[]>> = {};
  for (const { target, scope, timeoutS } of blocks) {
    const elements = isIpv4Host(target)
      ? (hosts[scope] ??= groupOf({ purpose: scope, family: 4, prefix: 32 }))
      : groupOf(keyOfBlock(target, scope));
    elements.push(elementText(target.slice(0, target.indexOf('/')), elementSeconds(timeoutS)));
  }
  return groups;
}

const isIpv4Host = (target: string): boolean =>
  target.endsWith('/32') && isIP(target.slice(0, -3)) === 4;

function keyOfBlock(target: string, purpose: KernelScope): SetKey {
  const { family, prefix } = requireBlockTarget(target);
  return { purpose, family, prefix };
}

export const texts = (elements: Elements): string[] =>
  [...elements].map(([address, timeout]) =>
    elementText(address, typeof timeout === 'number' ? timeout : null),
  );

const elementText = (address: string, timeoutS: number | null): string =>
  timeoutS === null ? address : `${address} timeout ${nftTimeText(timeoutS)}`;

/** The time of a block's element: what has no end, or a late one, is renewed by the agent. */
export const elementSeconds = (timeoutS: number | null): number =>
  Math.min(timeoutS ?? Infinity, LIMITS.firewallElementSMax);

function rulesOf(names: readonly string[], scope: KernelScope): string[] {
  const keys = names.map(requireKey).filter((key) => key.purpose === scope);
  return keys.map((key) => `${match(key)} counter drop`);
}

export const acceptRule = (name: string): string => `${match(requireKey(name))} accept`;

/** The source, masked to the set's prefix length, looked up in the set. */
export function match(key: SetKey): string {
  const field = key.family === 4 ? 'ip saddr' : 'ip6 saddr';
  if (key.prefix === bitsOf(key.family)) return `${field} @${setName(key)}`;
  return `${field} & ${maskText(key.family, key.prefix)} @${setName(key)}`;
}

export function requireKey(name: string): SetKey {
  const key = readSetName(name);
  if (key === null) throw new RangeError(`no set of ours: ${name}`);
  return key;
}

export const setType = (name: string): string => `type ipv${requireKey(name).family}_addr; `;

export const blockSetBody = (name: string, elementsMax: number): string =>
  `${setType(name)}size ${elementsMax}; flags timeout; `;

const elementsClause = (elements: readonly string[]): string =>
  elements.length === 0 ? '' : `elements = { ${elements.join(', ')} } `;

const chain = (name: string, rules: readonly string[]): string =>
  [` chain ${name} {`, ...rules.map((rule) => `  ${rule}`), ' }'].join('\n');
