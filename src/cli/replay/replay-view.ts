import { formatTime } from '../../api/views.js';
import { ruleStatus, scoreStatus } from '../../core/detect/detect.js';
import type { AgentState } from '../../core/step.js';
import { compareStories, compareTexts, type SourceChange } from '../../replay/compare.js';
import { isUnderstood, type InputReport } from '../../records/recorded.js';
import type { ReplayRun } from '../../replay/run.js';
import type {
  BlockStory,
  RuleStory,
  ReplayedSource,
  SparedStory,
  Story,
} from '../../replay/story.js';
import type { ReplayPlan } from './replay-setup.js';

/** Seconds to the microsecond, so that the text of a number is the same everywhere. */
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Null where no local time was read. */
const viewZone = ({ localTimes }: InputReport) => ({
  time_zone: localTimes !== null && localTimes.counts.read > 0 ? localTimes.zone : null,
  times_twice: localTimes?.counts.twice ?? 0,
  times_skipped: localTimes?.counts.skipped ?? 0,
});

const viewInput = (report: InputReport) => ({
  name: report.name,
  format: report.format,
  records: report.records,
  messages: report.messages,
  understood: isUnderstood(report),
  left_out: Object.fromEntries(
    [...report.leftOut].sort(([a], [b]) => compareTexts(a, b)),
  ) as Readonly<Record<string, number>>,
  foreign: Object.fromEntries(
    [...report.foreign].sort(([a], [b]) => compareTexts(a, b)),
  ) as Readonly<Record<string, number>>,
  ...viewZone(report),
  damage: report.damage,
});

const viewRule = (story: RuleStory) => ({
  rule: story.rule,
  attack_type: story.attackType,
  sightings: story.sightings,
  sources: story.sources.size,
  points: rounded(story.points, 3),
  points_proven: rounded(story.pointsProven, 3),
  blocks: story.blocks,
  first_at: formatTime(story.firstUs),
});

const viewBlock = ({ block, source, afterPackets, afterS, keptOut }: BlockStory) => ({
  at: formatTime(block.createdAtUs),
  source,
  target: block.target,
  scope: block.scope,
  proof: block.proof,
  rule: block.rule,
  attack_type: block.attackType,
  reason: block.reason,
  expires_at: block.expiresAtUs === null ? null : formatTime(block.expiresAtUs),
  after_packets: afterPackets,
  after_s: rounded(afterS, 6),
  packets_kept_out: keptOut,
});

const viewSpared = ({ peer, source, firstUs, afterPackets, rule, times }: SparedStory) => ({
  source,
  peer: peer.target,
  from: peer.from,
  rule,
  times,
  first_at: formatTime(firstUs),
  after_packets: afterPackets,
});

const viewSource = (story: ReplayedSource) => ({
  address: story.address,
  first_at: formatTime(story.firstUs),
  last_at: formatTime(story.lastUs),
  packets: story.packets,
  packets_kept_out: story.keptOut,
  attack_type: story.attackType,
  sightings: story.sightings,
  points: rounded(story.points, 3),
  score_peak: rounded(story.scorePeak, 3),
  rules: story.rules,
  blocks: story.blocks,
});

const viewChange = ({ address, change, before, after }: SourceChange) => ({
  address,
  change,
  before_packets: before?.firstBlock?.afterPackets ?? null,
  after_packets: after?.firstBlock?.afterPackets ?? after?.sparedAtPacket ?? null,
  packets: after?.packets ?? before?.packets ?? 0,
  rules: after?.rules ?? [],
});

/** What one run tells: of the rules in force, or of those that are tried. */
export const viewStory = ({ story, state }: ReplayRun, limit: number) => ({
  packets: story.packets,
  packets_kept_out: story.keptOut,
  out_of_order: story.outOfOrder,
  first_at: story.firstUs === null ? null : formatTime(story.firstUs),
  last_at: story.firstUs === null ? null : formatTime(story.lastUs),
  sources: story.sources.size,
  untold_packets: story.untoldPackets,
  by_rule: [...story.rules.values()]
    .sort((a, b) => b.sightings - a.sightings || compareTexts(a.rule, b.rule))
    .map(viewRule),
  blocks_total: story.blocksTotal,
  blocks: story.blocks.slice(0, limit).map(viewBlock),
  protected_hit: [...story.spared.values()].map(viewSpared),
  protected_untold: story.sparedUntold,
  top_sources: [...story.sources.values()]
    .filter(({ sightings }) => sightings > 0)
    .sort((a, b) => b.scorePeak - a.scorePeak || compareTexts(a.address, b.address))
    .slice(0, limit)
    .map(viewSource),
  limits_hit: limitsHit(state),
  faults: [...story.faults].map(([rule, { message, times }]) => ({ rule, message, times })),
});

/** What the agent forgot or refused because a bound was reached; empty: nothing. */
function limitsHit({ detect, blocks }: AgentState): Readonly<Record<string, number>> {
  const counts = {
    rule_groups_forgotten: ruleStatus(detect).reduce((sum, { evicted }) => sum + evicted, 0),
    scores_forgotten: scoreStatus(detect).evicted,
    unproven_blocks_refused: blocks.breaker.refused,
    blocks_refused_full: blocks.refusedFull,
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

export type StoryView = ReturnType<typeof viewStory>;

function viewDifference(base: Story, trial: Story, limit: number) {
  const changes = compareStories(base, trial);
  const counts: Record<string, number> = {};
  for (const { change } of changes) counts[change] = (counts[change] ?? 0) + 1;
  return {
    counts,
    changes_total: changes.length,
    changes: changes.slice(0, limit).map(viewChange),
  };
}

/** The whole output; nothing in it depends on when or where the replay runs. */
export function viewReplay(
  plan: ReplayPlan,
  reports: readonly InputReport[],
  base: ReplayRun,
  trial: ReplayRun | null,
  limit: number,
) {
  const { policy, setting } = plan;
  return {
    inputs: reports.map(viewInput),
    policy: {
      threshold: policy.threshold,
      unproven: policy.unproven,
      scope: policy.scope,
      sip_ports: setting.sipPorts,
      protect: setting.protect.map(({ target, from }) => `${target} (${from})`),
    },
    rules: plan.rules.length,
    tried_rules: plan.trial?.own.map(({ id }) => id) ?? [],
    in_force: viewStory(base, limit),
    tried: trial === null ? null : viewStory(trial, limit),
    difference: trial === null ? null : viewDifference(base.story, trial.story, limit),
  };
}

export type ReplayView = ReturnType<typeof viewReplay>;
