import type { FirewallChange } from '../../core/model/block.js';
import {
  acceptRule,
  blockSetBody,
  elementSeconds,
  groupElements,
  groupProtected,
  match,
  requireBlockTarget,
  requireKey,
  setType,
  texts,
  type NftScript,
} from './ruleset.js';

/** The text that nft reads to change a table that stands. */

/** The block sets in the kernel and how many elements each of them takes. */
export interface KnownSets {
  readonly names: ReadonlySet<string>;
  readonly elementsMax: number;
}

/** Replaces the protected peers of a table that has the sets `before`, blocks untouched. */
export function buildProtectScript(
  table: string,
  peers: readonly string[],
  before: ReadonlySet<string>,
): string {
  const groups = groupProtected(peers);
  const gone = [...before].filter((name) => !groups.has(name));
  return [
    `flush chain inet ${table} protect`,
    ...gone.map((name) => `delete set inet ${table} ${name}`),
    ...[...groups].flatMap(([name, elements]) => [
      `add set inet ${table} ${name} { ${setType(name)}}`,
      `flush set inet ${table} ${name}`,
      `add element inet ${table} ${name} { ${texts(elements).join(', ')} }`,
      `add rule inet ${table} protect ${acceptRule(name)}`,
    ]),
    '',
  ].join('\n');
}

const groupChanges = (changes: readonly FirewallChange[]): ReturnType<typeof groupElements> =>
  groupElements(changes, (change) => ({
    scope: change.scope,
    cidr: requireBlockTarget(change.target),
    timeoutS: change.kind === 'add' ? elementSeconds(change.timeoutS) : 'absent',
  }));

/** The names of the sets that hold these peers. */
export const protectSetNames = (peers: readonly string[]): ReadonlySet<string> =>
  new Set(groupProtected(peers).keys());

/**
 * Builds one transaction out of ordered changes; for one target and scope the last one counts.
 * An element is added, deleted and added again: that sets its timeout anew whether it was there or
 * not, and nft 1.0.6 has no `destroy` that would forgive an absent one. Empty text: nothing to do.
 * Throws AgentError.
 */
export function buildApplyScript(
  table: string,
  changes: readonly FirewallChange[],
  known: KnownSets,
): NftScript {
  const groups = groupChanges(changes);
  const lines: string[] = [];
  const blockSets = new Set(known.names);
  for (const [name, elements] of groups) {
    const present = texts(new Map([...elements].filter(([, timeout]) => timeout !== 'absent')));
    if (!blockSets.has(name)) {
      if (present.length === 0) continue;
      lines.push(...newSetLines(table, name, known));
      blockSets.add(name);
    }
    const addresses = [...elements.keys()].join(', ');
    lines.push(`add element inet ${table} ${name} { ${addresses} }`);
    lines.push(`delete element inet ${table} ${name} { ${addresses} }`);
    if (present.length > 0) {
      lines.push(`add element inet ${table} ${name} { ${present.join(', ')} }`);
    }
  }
  const text = lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  return { text, blockSets, makesSets: blockSets.size > known.names.size };
}

/**
 * Builds one transaction that adds elements to sets that are there, and is refused as a whole when one
 * of the elements is there already: a third of what buildApplyScript writes, for the many that are
 * new. Null: it takes more than that. Throws AgentError.
 */
export function buildCreateScript(
  table: string,
  changes: readonly FirewallChange[],
  known: KnownSets,
): string | null {
  if (changes.some(({ kind }) => kind !== 'add')) return null;
  const groups = groupChanges(changes);
  if ([...groups.keys()].some((name) => !known.names.has(name))) return null;
  return [...groups]
    .map(
      ([name, elements]) =>
        `create element inet ${table} ${name} { ${texts(elements).join(', ')} }\n`,
    )
    .join('');
}

function newSetLines(table: string, name: string, known: KnownSets): string[] {
  const key = requireKey(name);
  return [
    `add set inet ${table} ${name} { ${blockSetBody(name, known.elementsMax)}counter; }`,
    `add rule inet ${table} drop_${key.purpose} ${match(key)} counter drop`,
  ];
}
