/** Which tags and bits entries carry, kept over reloads: what was counted stays counted. */
export interface Tags {
  next: number;
  byName: Map<string, Tag>;
  /** Those of the set before, while a set is planned. */
  before: ReadonlyMap<string, Tag>;
}

interface Tag {
  readonly tag: number;
  readonly bits: Map<string, number>;
  nextBit: number;
}

export interface TagBit {
  readonly tag: number;
  readonly bit: number;
}

const BITS_MAX = 31;

/** An entry's word holds its tag, and in the last bit the kind. */
export const tagOf = (word: number): number => word >> 1;

/** The word of a tag over all events. */
export const wordOf = (tag: number): number => tag << 1;

export const createTags = (): Tags => ({ next: 1, byName: new Map(), before: new Map() });

/** Begins another set: tags that it does not take are dropped. */
export function renewTags(tags: Tags): void {
  tags.before = tags.byName;
  tags.byName = new Map();
}

/** A rule's bit of the tag with that name; another tag, when its bits are used up. */
export function takeBit(tags: Tags, name: string, rule: string): TagBit {
  let entry = tags.byName.get(name) ?? tags.before.get(name);
  // No bit is given twice, or a new rule would take over what an old one counted.
  if (entry === undefined || (!entry.bits.has(rule) && entry.nextBit >= BITS_MAX)) {
    entry = { tag: tags.next++, bits: new Map(), nextBit: 0 };
  }
  tags.byName.set(name, entry);
  const bit = entry.bits.get(rule) ?? entry.nextBit++;
  entry.bits.set(rule, bit);
  return { tag: entry.tag, bit };
}
