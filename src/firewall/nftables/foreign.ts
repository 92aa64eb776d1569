import { readSetName, targetText } from './element.js';
import { extractTable } from './terse.js';

/**
 * What is in our table and is not of our making. nft prints a rule in its own words, which differ
 * between versions, so what is fixed is compared with what stood there right after we wrote it.
 */

/** The chain whose rules come and go with a spoofing storm. */
const LIMIT = 'chain limit_sip: ';

/**
 * The fixed lines of our table in a listing of rules (`nft -t`, with `-a` or without): each object that
 * is there, and each rule by its chain. Left out are sets of addresses, and the one rule of each.
 */
export function readShape(ruleset: string, tableName: string): readonly string[] {
  const shape: string[] = [];
  let [kind, name] = ['', ''];
  for (const line of extractTable(ruleset, tableName).split('\n').slice(1)) {
    const text = line
      .replace(/ # handle \d+$/, '')
      .replace(/counter packets \d+ bytes \d+/g, 'counter')
      .trim();
    const head = /^\t(\w[\w ]*) ([\w.-]+) \{/.exec(line);
    if (head !== null) [, kind = '', name = ''] = head;
    if (text === '' || text === '}' || isOfAddresses(kind, name, text)) continue;
    shape.push(head === null ? `${kind} ${name}: ${text}` : `${kind} ${name}`);
  }
  return shape;
}

function isOfAddresses(kind: string, name: string, line: string): boolean {
  if (kind === 'set') return readSetName(name) !== null;
  // A rule that is there twice is seen by who counts them (isWhole).
  const [, set = '', verdict] =
    /^ip6? saddr (?:& \S+ )?(?:== )?@(\w+) (counter drop|accept)$/.exec(line) ?? [];
  const purpose = readSetName(set)?.purpose;
  if (kind !== 'chain' || purpose === undefined) return false;
  return purpose === 'protect'
    ? name === 'protect' && verdict === 'accept'
    : name === `drop_${purpose}` && verdict === 'counter drop';
}

/** The shape after the limit of a storm was switched: what others put elsewhere is not taken over. */
export const withLimitOf = (
  shape: readonly string[],
  now: readonly string[],
): readonly string[] => [
  ...shape.filter((line) => !line.startsWith(LIMIT)),
  ...now.filter((line) => line.startsWith(LIMIT)),
];

/** What is there and should not be, then what should be and is not; empty: all is as it was written. */
export function differences(written: readonly string[], now: readonly string[]): readonly string[] {
  const left = [...written];
  const added = now.filter((line) => {
    const at = left.indexOf(line);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  return [...added, ...left.map((line) => `no ${line}`)];
}

/** The elements that `nft list set` prints; those of a set of addresses as targets. */
export function readElements(listing: string, setName: string): readonly string[] {
  const key = readSetName(setName);
  const text = /\telements = \{([^}]*)\}/.exec(listing)?.[1] ?? '';
  return text
    .split(',')
    .map((each) => each.trim().split(/\s/)[0] ?? '')
    .filter((word) => word !== '')
    .map((word) => (key === null ? word : targetText(word, key)));
}
