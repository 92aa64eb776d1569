import { ATTACK_TYPES, type AttackType } from '../core/model/attack-type.js';
import type { Block, ProtectedPeer } from '../core/model/block.js';
import type { RuleFault } from '../core/detect/detect.js';
import type { EventRecord } from '../core/model/event.js';
import { LIMITS } from '../core/common/limits.js';
import type { Sighting } from '../core/model/sighting.js';

/** What became of one source. Packets count all that it sent, also what a block kept out. */
export interface ReplayedSource {
  readonly address: string;
  readonly firstUs: number;
  lastUs: number;
  packets: number;
  keptOut: number;
  sightings: number;
  points: number;
  scorePeak: number;
  attackType: AttackType | null;
  /** In the order in which they fired first. */
  readonly rules: string[];
  blocks: number;
  firstBlock: BlockStory | null;
  /** The packet, counted from 1, with which a protected peer was spared first; null: never. */
  sparedAtPacket: number | null;
}

export interface BlockStory {
  readonly block: Block;
  readonly source: string;
  /** The packet of the source, counted from 1, that decided; seconds since its first. */
  readonly afterPackets: number;
  readonly afterS: number;
  keptOut: number;
}

/** A source that would have been blocked, had it not been protected. */
export interface SparedStory {
  readonly peer: ProtectedPeer;
  readonly source: string;
  readonly firstUs: number;
  readonly afterPackets: number;
  readonly rule: string | null;
  times: number;
}

export interface RuleStory {
  readonly rule: string;
  readonly attackType: AttackType;
  readonly firstUs: number;
  sightings: number;
  points: number;
  pointsProven: number;
  blocks: number;
  readonly sources: Set<string>;
}

/** All that a replay tells. Every list is bounded; what is over the bound is counted. */
export interface Story {
  firstUs: number | null;
  lastUs: number;
  packets: number;
  keptOut: number;
  outOfOrder: number;
  readonly sources: Map<string, ReplayedSource>;
  /** Packets of sources beyond those told apart. */
  untoldPackets: number;
  readonly rules: Map<string, RuleStory>;
  readonly blocks: BlockStory[];
  readonly blocksById: Map<number, BlockStory>;
  blocksTotal: number;
  readonly spared: Map<string, SparedStory>;
  sparedUntold: number;
  readonly faults: Map<string, { message: string; times: number }>;
  lastSighting: Sighting | null;
}

export const createStory = (): Story => ({
  firstUs: null,
  lastUs: 0,
  packets: 0,
  keptOut: 0,
  outOfOrder: 0,
  sources: new Map(),
  untoldPackets: 0,
  rules: new Map(),
  blocks: [],
  blocksById: new Map(),
  blocksTotal: 0,
  spared: new Map(),
  sparedUntold: 0,
  faults: new Map(),
  lastSighting: null,
});

/** Counts one packet for its source; null when there are too many sources to tell apart. */
export function openSource(story: Story, address: string, nowUs: number): ReplayedSource | null {
  story.packets += 1;
  story.firstUs ??= nowUs;
  story.lastUs = nowUs;
  let source = story.sources.get(address);
  if (source === undefined) {
    if (story.sources.size >= LIMITS.replaySourcesMax) {
      story.untoldPackets += 1;
      return null;
    }
    source = newSource(address, nowUs);
    story.sources.set(address, source);
  }
  source.packets += 1;
  source.lastUs = nowUs;
  return source;
}

export function tellKeptOut(story: Story, source: ReplayedSource | null, block: Block): void {
  story.keptOut += 1;
  if (source !== null) source.keptOut += 1;
  const told = story.blocksById.get(block.id);
  if (told !== undefined) told.keptOut += 1;
}

export function tellEvent(story: Story, source: ReplayedSource | null, record: EventRecord): void {
  story.lastSighting = null;
  if (source === null) return;
  source.scorePeak = Math.max(source.scorePeak, record.score);
  source.attackType = worseOf(source.attackType, record.attackType);
}

export function tellSighting(
  story: Story,
  source: ReplayedSource | null,
  sighting: Sighting,
): void {
  const { rule, attackType, atUs, points, pointsProven } = sighting;
  if (story.lastSighting === null || points > story.lastSighting.points) {
    story.lastSighting = sighting;
  }
  const told = story.rules.get(rule) ?? newRule(rule, attackType, atUs);
  story.rules.set(rule, told);
  told.sightings += 1;
  told.points += points;
  told.pointsProven += pointsProven;
  if (source === null) return;
  told.sources.add(sighting.source);
  source.sightings += 1;
  source.points += points;
  if (!source.rules.includes(rule)) source.rules.push(rule);
}

export function tellBlock(story: Story, source: ReplayedSource | null, block: Block): void {
  story.blocksTotal += 1;
  const rule = block.rule === null ? undefined : story.rules.get(block.rule);
  if (rule !== undefined) rule.blocks += 1;
  if (source === null) return;
  source.blocks += 1;
  const told: BlockStory = {
    block,
    source: source.address,
    afterPackets: source.packets,
    afterS: (block.createdAtUs - source.firstUs) / 1_000_000,
    keptOut: 0,
  };
  source.firstBlock ??= told;
  if (story.blocks.length >= LIMITS.replayBlocksMax) return;
  story.blocks.push(told);
  story.blocksById.set(block.id, told);
}

export function tellSpared(
  story: Story,
  source: ReplayedSource | null,
  { source: address, peer }: { readonly source: string; readonly peer: ProtectedPeer },
  nowUs: number,
): void {
  const afterPackets = source?.packets ?? 0;
  if (source !== null) source.sparedAtPacket ??= afterPackets;
  const told = story.spared.get(address);
  if (told !== undefined) {
    told.times += 1;
  } else if (story.spared.size >= LIMITS.replaySparedMax) {
    story.sparedUntold += 1;
  } else {
    const rule = story.lastSighting?.rule ?? null;
    story.spared.set(address, {
      peer,
      source: address,
      firstUs: nowUs,
      afterPackets,
      rule,
      times: 1,
    });
  }
}

export function tellFault(story: Story, { rule, message }: RuleFault): void {
  const told = story.faults.get(rule);
  if (told === undefined) story.faults.set(rule, { message, times: 1 });
  else told.times += 1;
}

const newSource = (address: string, firstUs: number): ReplayedSource => ({
  address,
  firstUs,
  lastUs: firstUs,
  packets: 0,
  keptOut: 0,
  sightings: 0,
  points: 0,
  scorePeak: 0,
  attackType: null,
  rules: [],
  blocks: 0,
  firstBlock: null,
  sparedAtPacket: null,
});

const newRule = (rule: string, attackType: AttackType, firstUs: number): RuleStory => ({
  rule,
  attackType,
  firstUs,
  sightings: 0,
  points: 0,
  pointsProven: 0,
  blocks: 0,
  sources: new Set(),
});

function worseOf(a: AttackType | null, b: AttackType | null): AttackType | null {
  if (a === null || b === null) return a ?? b;
  return ATTACK_TYPES.indexOf(b) > ATTACK_TYPES.indexOf(a) ? b : a;
}
