import type { ReplayedSource, Story } from './story.js';

/** How a source fares with the new rules, against the rules in force. */
export const CHANGES = [
  'blocked',
  'no_longer_blocked',
  'blocked_earlier',
  'blocked_later',
  'spared',
  'no_longer_spared',
  'seen',
  'no_longer_seen',
] as const;
export type Change = (typeof CHANGES)[number];

export interface SourceChange {
  readonly address: string;
  readonly change: Change;
  /** Null: it sent nothing that was told apart. Both are of the same packets. */
  readonly before: ReplayedSource | null;
  readonly after: ReplayedSource | null;
}

/**
 * What differs between two runs over the same record, source by source: the gravest change of each
 * source, the gravest first and then by address.
 */
export function compareStories(before: Story, after: Story): readonly SourceChange[] {
  const changes: SourceChange[] = [];
  for (const [address, later] of after.sources) {
    const earlier = before.sources.get(address) ?? null;
    const change = changeOf(earlier, later);
    if (change !== null) changes.push({ address, change, before: earlier, after: later });
  }
  return changes.sort(
    (a, b) =>
      CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change) || compareTexts(a.address, b.address),
  );
}

function changeOf(before: ReplayedSource | null, after: ReplayedSource): Change | null {
  const was = before?.firstBlock?.afterPackets ?? null;
  const is = after.firstBlock?.afterPackets ?? null;
  if (was === null && is !== null) return 'blocked';
  if (was !== null && is === null) return 'no_longer_blocked';
  if (was !== null && is !== null && was !== is) {
    return is < was ? 'blocked_earlier' : 'blocked_later';
  }
  const wasSpared = before !== null && before.sparedAtPacket !== null;
  const isSpared = after.sparedAtPacket !== null;
  if (wasSpared !== isSpared) return isSpared ? 'spared' : 'no_longer_spared';
  const wasSeen = (before?.sightings ?? 0) > 0;
  const isSeen = after.sightings > 0;
  if (wasSeen !== isSeen) return isSeen ? 'seen' : 'no_longer_seen';
  return null;
}

/** By code unit: the order must not hang on the machine's language. */
export const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
