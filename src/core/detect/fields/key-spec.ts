import { hashReaderOf, viewSeed, viewStamp } from './event-view.js';
import type { HashReader } from './event-view.js';
import { fieldNamed } from './fields.js';
import { hashText, mixHash, mixNumber } from './hash.js';
import type { Hash } from './hash.js';

/**
 * By what groups are told apart: a list of fields. Rules with the same list share one, so that an
 * event's group is named and looked for once, however many rules count in it.
 */
export interface KeySpec {
  readonly names: readonly string[];
  /** The key of the group that the event looked at belongs to; null when a field is missing. */
  readonly read: () => Hash | null;
}

const specs = new Map<string, KeySpec>();

/** `names` are fields that can be counted (no lists); one that does not exist is an assertion. */
export function keySpecOf(names: readonly string[]): KeySpec {
  const sorted = [...new Set(names)].sort();
  const text = sorted.join(' ');
  const known = specs.get(text);
  if (known !== undefined) return known;
  const read = createKeyReader(text, sorted.map(readerNamed));
  const spec = { names: sorted, read };
  specs.set(text, spec);
  return spec;
}

function readerNamed(name: string): HashReader {
  const field = fieldNamed(name);
  if (field === null) throw new Error(`there is no field ${name}`);
  return hashReaderOf(field);
}

function createKeyReader(text: string, readers: readonly HashReader[]): HashReader {
  const key: Hash = { lo: 0, hi: 0 };
  const ofNames: Hash = { lo: 0, hi: 0 };
  hashText(ofNames, text, 0);
  let stamp = 0;
  let missing = true;
  const compute = (): void => {
    missing = true;
    key.lo = ofNames.lo;
    key.hi = ofNames.hi;
    mixNumber(key, viewSeed());
    for (const read of readers) {
      const part = read();
      if (part === null) return;
      mixHash(key, part);
    }
    missing = false;
  };
  return () => {
    if (stamp !== viewStamp()) {
      stamp = viewStamp();
      compute();
    }
    return missing ? null : key;
  };
}
