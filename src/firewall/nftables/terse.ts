import type { KnownSets } from './changes.js';
import { readSetName } from './element.js';
import { readOwner } from './owner.js';
import { baseSetNames } from './ruleset.js';
import type { FirewallOwner } from '../port.js';

/**
 * Reads what `nft -t list ruleset inet` prints: rules and sets without elements. As text, because nft
 * 1.0.6 breaks off its JSON at a table with the flag `owner`, as firewalld's may be
 * (it prints the name of the flag out of memory that it has given back). A `list table` would do
 * without the others, but fetches all elements (1.5 s at 100,000).
 */

/** A table, as far as it tells whether it does what it must. */
export interface TableShape {
  readonly sets: ReadonlyMap<string, unknown>;
  /** Chain name → what its rules jump to (`jump protect`) and look into (`@all_ipv4_32`). */
  readonly rules: ReadonlyMap<string, readonly string[]>;
  /** Those of its chains to which the kernel gives the packets of the hook of their name. */
  readonly hooked: ReadonlySet<string>;
}

export const HOOKS = ['prerouting', 'input', 'forward'] as const;

const JUMPS = [
  ...['drop_forced', 'protect', 'drop_all', 'limit_sip', 'drop_sip'].map(
    (target) => ['prerouting', target] as const,
  ),
  ...(['input', 'forward'] as const).map((chain) => [chain, 'beside'] as const),
  ...['protect', 'drop_beside'].map((target) => ['beside', target] as const),
] as const;

/**
 * True when every set is there that must be, and each has the one rule that makes it count. A saved
 * ruleset that is loaded without a flush adds all rules once more.
 */
export function isWhole({ sets, rules, hooked }: TableShape): boolean {
  const has = (chain: string, mark: string): boolean =>
    rules.get(chain)?.filter((each) => each === mark).length === 1;
  return (
    HOOKS.every((name) => hooked.has(name)) &&
    JUMPS.every(([chain, target]) => has(chain, `jump ${target}`)) &&
    baseSetNames().every((name) => sets.has(name)) &&
    [...sets.keys()].every((name) => {
      const key = readSetName(name);
      if (key === null) return true;
      return has(key.purpose === 'protect' ? 'protect' : `drop_${key.purpose}`, `@${name}`);
    })
  );
}

/** The block sets of a table; null when it is not there or not whole. */
export function readKnownSets(ruleset: string, tableName: string): KnownSets | null {
  const table = readTable(ruleset, tableName);
  if (!isWhole(table)) return null;
  const size = table.sets.get(baseSetNames()[0] ?? '') ?? null;
  const names = [...table.sets.keys()].filter((name) => isBlockSet(name));
  return size === null ? null : { names: new Set(names), elementsMax: size };
}

/** Whose table it is; null: it is not there, or carries no mark. */
export function readTableOwner(ruleset: string, tableName: string): FirewallOwner | null {
  const { comment } = readTable(ruleset, tableName);
  return comment === null ? null : readOwner(comment);
}

/**
 * The kernel's number of our table, where the listing has numbers (`nft -a`); null: it is not there. It
 * is another one for each table that is made, so it tells whether another program made this one.
 */
export function readTableHandle(listing: string, tableName: string): number | null {
  const head = new RegExp(`^table inet ${tableName} \\{ # .*?handle (\\d{1,15})$`, 'm');
  const match = head.exec(listing);
  return match === null ? null : Number(match[1]);
}

/** Our table out of the text, '' when it is not there. */
export function extractTable(ruleset: string, tableName: string): string {
  const lines = ruleset.split('\n');
  const head = `table inet ${tableName} {`;
  // A table with an owner has a comment behind it that names the program.
  const start = lines.findIndex((line) => line === head || line.startsWith(`${head} #`));
  return start === -1 ? '' : lines.slice(start, lines.indexOf('}', start) + 1).join('\n');
}

/** `sets`: the size of each, null where it has none. */
interface Table extends TableShape {
  readonly sets: ReadonlyMap<string, number | null>;
  /** What the rule of the chain `owner` says. */
  readonly comment: string | null;
}

function readTable(ruleset: string, tableName: string): Table {
  const sets = new Map<string, number | null>();
  const rules = new Map<string, string[]>();
  const hooked = new Set<string>();
  let comment: string | null = null;
  let [kind, name] = ['', ''];
  for (const line of extractTable(ruleset, tableName).split('\n')) {
    const head = /^\t(set|chain) (\w+) \{/.exec(line);
    if (head !== null) {
      [, kind = '', name = ''] = head;
      if (kind === 'set') sets.set(name, null);
      else rules.set(name, []);
    } else if (kind === 'set') {
      const size = /^\t\tsize (\d+)/.exec(line)?.[1];
      if (size !== undefined) sets.set(name, Number(size));
    } else if (kind === 'chain') {
      // Comments of others may hold anything; the owner's is the only one that we write.
      if (name === 'owner') comment ??= /^\t\treturn comment "([^"]*)"/.exec(line)?.[1] ?? null;
      const marks = line.replace(/"[^"]*"/g, '').matchAll(/jump \w+|@\w+/g);
      rules.get(name)?.push(...[...marks].map(([mark]) => mark));
      const hook = /^\t\ttype filter hook (\w+) /.exec(line)?.[1];
      if (hook !== undefined && hook === name) hooked.add(hook);
    }
  }
  return { sets, rules, hooked, comment };
}

function isBlockSet(name: string): boolean {
  const key = readSetName(name);
  return key !== null && key.purpose !== 'protect';
}
