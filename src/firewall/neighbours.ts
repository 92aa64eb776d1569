import { LIMITS } from '../core/common/limits.js';
import { objectOf } from './nftables/element.js';
import { runNft } from './nftables/run.js';

/** Somebody else's chain that a packet to this host passes, and that drops what it does not name. */
export interface ClosedChain {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly hook: 'prerouting' | 'input';
  /** What was read of its table: ports that a rule accepts, as `udp 5060`. */
  readonly opened: readonly PortRange[];
  /** true: it holds rules that nft cannot tell (iptables' own matches, sets of ports). */
  readonly unclear: boolean;
}

export interface PortRange {
  /** Null: whatever protocol. */
  readonly protocol: 'udp' | 'tcp' | null;
  readonly from: number;
  readonly to: number;
}

/**
 * The closed chains of all tables but ours. Table by table, for nft 1.0.6 breaks off its JSON at one
 * with the flag `owner`: those are passed over there. Rejects as runNft does.
 */
export async function findClosedChains(
  ownTable: string,
  command: readonly string[] = ['nft'],
): Promise<readonly ClosedChain[]> {
  const list = (...args: readonly string[]): Promise<string> =>
    runNft(command, { args, input: null, msMax: LIMITS.firewallBulkMsMax });
  const closed: ClosedChain[] = [];
  for (const line of (await list('list', 'tables')).split('\n')) {
    const [, family = '', table = ''] = /^table (\w+) ([\w.-]+)/.exec(line) ?? [];
    if (table === '' || (family === 'inet' && table === ownTable)) continue;
    const json = await list('-j', '-t', 'list', 'table', family, table);
    if (isJson(json)) closed.push(...readClosedChains(json, ownTable));
  }
  return closed;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

/** The same of what `nft -j -t list table` printed. */
export function readClosedChains(json: string, ownTable: string): readonly ClosedChain[] {
  // JSON.parse gives `any`; what is in it is looked at piece by piece.
  const listing = objectOf(JSON.parse(json) as unknown);
  const entries = arrayOf(listing['nftables']).map(objectOf);
  const items = (kind: string): JsonObject[] =>
    entries.filter((entry) => kind in entry).map((entry) => objectOf(entry[kind]));
  const rules = items('rule');
  const closed: ClosedChain[] = [];
  for (const { family, table, name, hook, policy } of items('chain')) {
    if (hook !== 'prerouting' && hook !== 'input') continue;
    if (family === 'inet' && table === ownTable) continue;
    const ofTable = rules.filter((rule) => rule['family'] === family && rule['table'] === table);
    const ofChain = ofTable.filter((rule) => rule['chain'] === name);
    if (policy !== 'drop' && !endsClosed(ofChain)) continue;
    const opened: PortRange[] = [];
    let unclear = false;
    for (const rule of ofTable) {
      const { ports, told } = readOpening(arrayOf(rule['expr']).map(objectOf));
      opened.push(...ports);
      if (!told) unclear = true;
    }
    const words = { family: String(family), table: String(table), chain: String(name) };
    closed.push({ ...words, hook, opened, unclear });
  }
  return closed;
}

/** Its last rule drops or rejects whatever comes to it. */
function endsClosed(rules: readonly JsonObject[]): boolean {
  const last = arrayOf(rules.at(-1)?.['expr']).map(objectOf);
  const verdicts = last.filter((part) => !('counter' in part) && !('log' in part));
  const [only] = verdicts;
  return verdicts.length === 1 && only !== undefined && ('drop' in only || 'reject' in only);
}

/** The destination ports of a rule that accepts, or leads on to others. */
function readOpening(parts: readonly JsonObject[]): { ports: PortRange[]; told: boolean } {
  if (parts.some((part) => 'xt' in part)) return { ports: [], told: false };
  if (parts.some((part) => 'drop' in part || 'reject' in part)) return { ports: [], told: true };
  const ports: PortRange[] = [];
  let told = true;
  for (const part of parts) {
    const { left, right, op } = objectOf(part['match']);
    const { protocol, field } = objectOf(objectOf(left)['payload']);
    if (field !== 'dport' || (op !== '==' && op !== 'in')) continue;
    const read = readRanges(right, protocol === 'udp' || protocol === 'tcp' ? protocol : null);
    if (read === null) told = false;
    else ports.push(...read);
  }
  return { ports, told };
}

/** Null: a named set, whose elements a terse listing leaves out. */
function readRanges(right: unknown, protocol: PortRange['protocol']): PortRange[] | null {
  if (typeof right === 'number') return [{ protocol, from: right, to: right }];
  const { range, set } = objectOf(right);
  const [from, to] = arrayOf(range);
  if (typeof from === 'number' && typeof to === 'number') return [{ protocol, from, to }];
  if (!Array.isArray(set)) return null;
  const ranges: PortRange[] = [];
  for (const one of arrayOf(set)) {
    const read = readRanges(one, protocol);
    if (read === null) return null;
    ranges.push(...read);
  }
  return ranges;
}

const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
