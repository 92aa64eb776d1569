import { blockOfElement, objectOf, readSetName, targetText } from './element.js';
import { isWhole } from './terse.js';
import type { ActualBlock, ActualFirewall } from '../port.js';

/**
 * Reads what `nft -j list table` prints (schema: libnftables-json(5)). Anything in the table that
 * is not of our making is passed over: it is nobody's business here.
 */

type JsonObject = Readonly<Record<string, unknown>>;

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

function readTable(json: string, tableName: string) {
  const sets = new Map<string, JsonObject>();
  const rules = new Map<string, string[]>();
  const hooked = new Set<string>();
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
      const marks = rules.get(rule['chain']) ?? [];
      rules.set(rule['chain'], marks);
      marks.push(...marksOf(JSON.stringify(rule['expr'])));
    }
    const chain = ofTable('chain');
    const { name, hook } = chain;
    if (typeof hook === 'string' && hook === name) hooked.add(hook);
  }
  return { sets, rules, hooked };
}

/** The chains that a rule jumps to, and the sets that it looks into. */
const marksOf = (expression: string): string[] =>
  [...expression.matchAll(/\{"target":"(\w+)"\}|"@(\w+)"/g)].map(([, chain, set]) =>
    chain === undefined ? `@${set ?? ''}` : `jump ${chain}`,
  );

const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
