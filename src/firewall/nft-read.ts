import { blockOfElement, objectOf, readSetName, targetText } from './nft-element.js';
import { readHolder, readOwner } from './nft-owner.js';
import type { KnownSets } from './nft-changes.js';
import { baseSetNames } from './nft-ruleset.js';
import type { ActualBlock, ActualFirewall, FirewallOwner } from './port.js';

/**
 * Reads what `nft -j list table` prints (schema: libnftables-json(5)). Anything in the table that
 * is not of our making is passed over: it is nobody's business here.
 */

type JsonObject = Readonly<Record<string, unknown>>;

/** The table as nft printed it: sets by name with their elements, rules by chain. */
interface Table {
  readonly sets: ReadonlyMap<string, JsonObject>;
  /** Chain name → the JSON text of each of its rules. */
  readonly rules: ReadonlyMap<string, readonly string[]>;
  readonly hooked: boolean;
  readonly ownerComments: readonly string[];
}

/**
 * What is in force. A table whose rules were taken out while its sets stayed (`nft flush table`)
 * drops nothing, so it counts as not present. `expiresS` is rounded down, as nft prints it.
 */
export function readFirewall(json: string, tableName: string): ActualFirewall {
  const table = readTable(json, tableName);
  if (!isWhole(table)) return { present: false, protect: [], blocks: [] };
  const protect: string[] = [];
  const blocks: ActualBlock[] = [];
  for (const [name, set] of table.sets) {
    const key = readSetName(name);
    if (key === null) continue;
    const elements = arrayOf(set['elem']);
    if (key.purpose === 'protect') {
      protect.push(...elements.map((element) => targetText(element, key)));
    } else {
      for (const element of elements) {
        const inner = objectOf(element)['elem'] ?? element;
        blocks.push(blockOfElement(inner, key, key.purpose));
      }
    }
  }
  return { present: true, protect, blocks };
}

/**
 * The block sets of a table, of a terse listing that may hold other tables too. Null when the table
 * is not there or not whole.
 */
export function readKnownSets(json: string, tableName: string): KnownSets | null {
  const table = readTable(json, tableName);
  if (!isWhole(table)) return null;
  const names = [...table.sets.keys()].filter((name) => isBlockSet(name));
  const size = table.sets.get(baseSetNames()[0] ?? '')?.['size'];
  return typeof size === 'number' ? { names: new Set(names), elementsMax: size } : null;
}

/** Whose table a terse listing shows; null: it is not there, or carries no mark. */
export function readTableOwner(json: string, tableName: string): FirewallOwner | null {
  const [comment] = readTable(json, tableName).ownerComments;
  return comment === undefined ? null : readOwner(comment);
}

/** The process that keeps the guard in a terse listing; null: there is none. */
export function readGuardPid(json: string, guardName: string): number | null {
  const [comment] = readTable(json, guardName).ownerComments;
  return comment === undefined ? null : readHolder(comment);
}

/** Our table out of the text of `nft list ruleset`, '' when it is not there. */
export function extractTable(ruleset: string, tableName: string): string {
  const lines = ruleset.split('\n');
  const start = lines.indexOf(`table inet ${tableName} {`);
  return start === -1 ? '' : lines.slice(start, lines.indexOf('}', start) + 1).join('\n');
}

function readTable(json: string, tableName: string): Table {
  const sets = new Map<string, JsonObject>();
  const rules = new Map<string, string[]>();
  const ownerComments: string[] = [];
  let hooked = false;
  // JSON.parse gives `any`; what is in it is looked at piece by piece.
  const listing = objectOf(JSON.parse(json) as unknown);
  for (const entry of arrayOf(listing['nftables']).map(objectOf)) {
    const ofTable = (kind: string): JsonObject => {
      const item = objectOf(entry[kind]);
      return item['family'] === 'inet' && item['table'] === tableName ? item : {};
    };
    const set = ofTable('set');
    if (typeof set['name'] === 'string') sets.set(set['name'], set);
    const rule = ofTable('rule');
    if (typeof rule['chain'] === 'string') {
      const texts = rules.get(rule['chain']) ?? [];
      rules.set(rule['chain'], texts);
      texts.push(JSON.stringify(rule['expr']));
      const { comment } = rule;
      if (rule['chain'] === 'owner' && typeof comment === 'string') ownerComments.push(comment);
    }
    const chain = ofTable('chain');
    if (chain['name'] === 'prerouting' && chain['hook'] === 'prerouting') hooked = true;
  }
  return { sets, rules, hooked, ownerComments };
}

/** True when every set is there that must be, and each set has the rule that makes it count. */
function isWhole(table: Table): boolean {
  const jumps = ['drop_forced', 'protect', 'drop_all', 'limit_sip', 'drop_sip'];
  return (
    table.hooked &&
    jumps.every((target) => hasRule(table, 'prerouting', `{"target":"${target}"}`)) &&
    baseSetNames().every((name) => table.sets.has(name)) &&
    [...table.sets.keys()].every((name) => {
      const key = readSetName(name);
      if (key === null) return true;
      const chain = key.purpose === 'protect' ? 'protect' : `drop_${key.purpose}`;
      return hasRule(table, chain, `"@${name}"`);
    })
  );
}

const hasRule = (table: Table, chain: string, part: string): boolean =>
  table.rules.get(chain)?.some((rule) => rule.includes(part)) === true;

function isBlockSet(name: string): boolean {
  const key = readSetName(name);
  return key !== null && key.purpose !== 'protect';
}

const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
