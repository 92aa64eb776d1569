import { formatTime } from '../../api/views.js';
import { describeBlock } from '../../agent/log/describe.js';
import { safeJson, safeOutput } from '../../core/common/text.js';
import type { Effect } from '../../core/flow.js';
import type { Block } from '../../core/model/block.js';
import type { Sighting } from '../../core/model/sighting.js';

/** What `watch` tells as it happens; null: nothing of this effect. */
export function watchLine(effect: Effect, json: boolean): string | null {
  switch (effect.kind) {
    case 'sighting':
      return json ? line(viewSighting(effect.sighting)) : sightingText(effect.sighting);
    case 'block':
      return json ? line(viewBlock(effect.block)) : blockText(effect.block);
    case 'spared': {
      const { source, peer } = effect;
      if (json) return line({ kind: 'spared', source, peer: peer.target, from: peer.from });
      return safeOutput(`${source} would be blocked, and is spared: ${peer.target} (${peer.from})`);
    }
    default:
      return null;
  }
}

/** One object a line. */
const line = (value: unknown): string => safeJson(JSON.stringify(value));

const viewSighting = (sighting: Sighting) => ({
  kind: 'sighting',
  at: formatTime(sighting.atUs),
  source: sighting.source,
  rule: sighting.rule,
  attack_type: sighting.attackType,
  points: Number(sighting.points.toFixed(3)),
  points_proven: Number(sighting.pointsProven.toFixed(3)),
  reason: sighting.reason,
});

const viewBlock = (block: Block) => ({
  kind: 'block',
  at: formatTime(block.createdAtUs),
  target: block.target,
  scope: block.scope,
  proof: block.proof,
  rule: block.rule,
  attack_type: block.attackType,
  reason: block.reason,
  expires_at: block.expiresAtUs === null ? null : formatTime(block.expiresAtUs),
});

const timeText = (us: number): string => formatTime(us).slice(0, 23).replace('T', ' ');

const sightingText = ({ atUs, source, rule, points, reason }: Sighting): string =>
  safeOutput(`${timeText(atUs)}  ${source}  ${rule} +${Math.round(points)}: ${reason}`);

/** A replay enforces, in memory alone. */
const blockText = (block: Block): string =>
  safeOutput(`${timeText(block.createdAtUs)}  ${describeBlock({ ...block, simulated: true })}`);
