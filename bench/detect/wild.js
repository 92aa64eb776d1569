// Plays behaviours of test/fixtures/wild through the whole core, each in a fresh agent with the
// defaults, and gives back to each actor what the trap answered. What a block covers does not reach
// the core any more, as it would not pass the firewall.
import { oldestCovering } from '../../dist/core/block/block-table.js';
import { isProven } from '../../dist/core/model/proof.js';
import { step } from '../../dist/core/step.js';
import { createState } from './play.js';
import { enact, START_US } from './wild-actors.js';

const SETTLE_US = 60_000_000;

/** Its story before the trap: what `enact` gives, and {sighting, best, block, hard, blocked}. */
export function playWild(behaviour, ruleSet, severities) {
  const state = createState(ruleSet);
  const story = { sighting: null, best: null, block: null, hard: null, blocked: new Set() };
  let settledUs = START_US;
  const played = enact(behaviour, (packet, number, nowUs) => {
    if (nowUs - settledUs > SETTLE_US) {
      settledUs = nowUs;
      step(state, { kind: 'settle' }, nowUs);
      step(state, { kind: 'tick' }, nowUs);
    }
    if (oldestCovering(state.blocks.table, packet.source.address, nowUs) !== null) {
      story.blocked.add(packet.source.address);
      return [];
    }
    const effects = step(state, { kind: 'packet', packet }, nowUs);
    for (const effect of effects) note(story, effect, packet, number, severities);
    return effects.filter(({ kind }) => kind === 'answer').map(({ bytes }) => bytes);
  });
  return { ...story, ...played };
}

function note(story, effect, { source, receivedAtUs }, packet, severities) {
  const atS = (receivedAtUs - START_US) / 1e6;
  if (effect.kind === 'sighting') {
    const { attackType: type, points, rule } = effect.sighting;
    if (severities.get(rule) === 'info') return;
    story.sighting ??= { type, rule, packet, atS };
    if (points > (story.best?.points ?? 0)) story.best = { type, rule, packet, points };
  }
  if (effect.kind !== 'block') return;
  const { attackType: type, rule, scope, proof } = effect.block;
  const block = { type, rule, scope, proven: isProven(proof), packet, atS };
  story.block ??= block;
  if (scope === 'all') story.hard ??= block;
  story.blocked.add(source.address);
}

/**
 * `right`: blocked within twice the packets by which a person knows it, and named as one of its kinds
 * (of the sources that return at least half); `misnamed`: in time, by another name; `late`; `seen`:
 * named, not blocked; `missed`. Honest peers: `free`, `sip`, `hard`.
 */
export function judgeWild({ kind, types, packets }, story) {
  const { block, hard, best } = story;
  if (kind === 'honest') return hard !== null ? 'hard' : block !== null ? 'sip' : 'free';
  if (block === null) return best !== null && types.includes(best.type) ? 'seen' : 'missed';
  if (!isInTime(packets, block.packet, story)) return 'late';
  return types.includes(block.type) ? 'right' : 'misnamed';
}

/** Whether a first block came in time, and reached at least half of those who return. */
export function isInTime(packets, blockedAt, { blocked, returning }) {
  const reached = returning.filter((address) => blocked.has(address)).length;
  return blockedAt <= 2 * packets && reached * 2 >= returning.length;
}
