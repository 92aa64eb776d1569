// Plays packets through the whole core with the policy of the defaults, and says what became of each
// source.
import { createBlockState } from '../../dist/core/block/decide.js';
import { createProtectTable } from '../../dist/core/block/protect.js';
import { createDetectState } from '../../dist/core/detect/detect.js';
import { createCounts } from '../../dist/core/counts.js';
import { step } from '../../dist/core/step.js';
import { createAnswerState } from '../../dist/core/trap/answer.js';
import { createPbxState } from '../../dist/core/pbx/state.js';
import { makeNonce } from '../../dist/core/trap/proof/nonce.js';
import { createRetransmissions } from '../../dist/core/trap/retransmission.js';
import { decideSettings } from '../../dist/config/load.js';
import { toCoreSettings } from '../../dist/agent/core-settings.js';

export const START_US = 1_767_225_600_000_000;
const SECRET = Buffer.alloc(32, 7);

const { settings } = decideSettings({ file: null, env: { HOME: '/' }, flags: {} }, null);
const CORE = toCoreSettings(settings, { secret: SECRET, seed: 1, observing: false });

/** `protect`: CIDRs that are never blocked. */
export function createState(ruleSet, protect = []) {
  return {
    settings: CORE,
    rules: ruleSet,
    detect: createDetectState(),
    retransmissions: createRetransmissions(),
    answers: createAnswerState(),
    pbx: createPbxState(),
    blocks: createBlockState({
      protect: createProtectTable(protect.map((target) => ({ target, from: 'bench' }))),
    }),
    nextEventId: 1,
    counts: createCounts(),
  };
}

/** By source: {packets, firstS, sightings: [{packet, atS, type, points, info}], block}. */
export function play(ruleSet, severities, packets, protect = []) {
  const state = createState(ruleSet, protect);
  const sources = new Map();
  for (const packet of [...packets].sort((a, b) => a.atS - b.atS)) {
    const nowUs = START_US + Math.round(packet.atS * 1e6);
    const story = storyOf(sources, packet);
    story.packets += 1;
    for (const effect of step(state, { kind: 'packet', packet: arriving(packet, nowUs) }, nowUs)) {
      if (effect.kind === 'sighting')
        story.sightings.push(seen(effect.sighting, story, packet, severities));
      if (effect.kind === 'block') story.block ??= blocked(effect.block, story, packet);
      if (effect.kind === 'spared') story.spared = true;
    }
  }
  return sources;
}

function storyOf(sources, { source, atS }) {
  const known = sources.get(source);
  if (known !== undefined) return known;
  const story = { source, packets: 0, firstS: atS, sightings: [], block: null, spared: false };
  sources.set(source, story);
  return story;
}

function arriving({ source, port, transport, local, raw }, nowUs) {
  const text = typeof raw === 'string' ? raw : raw(makeNonce(SECRET, source, nowUs));
  return {
    receivedAtUs: nowUs,
    transport,
    source: { address: source, port },
    local: { address: local, port: 5060 },
    bytes: Buffer.from(text, 'latin1'),
  };
}

const seen = (sighting, story, { atS }, severities) => ({
  packet: story.packets,
  atS: atS - story.firstS,
  type: sighting.attackType,
  rule: sighting.rule,
  points: sighting.points,
  info: severities.get(sighting.rule) === 'info',
});

const blocked = (block, story, { atS }) => ({
  packet: story.packets,
  atS: atS - story.firstS,
  type: block.attackType,
  rule: block.rule,
  scope: block.scope,
});

/**
 * What the agent says of a source: the attack that its first block was for, or else the one that
 * gave most points. null: nothing but polite looks.
 */
export function verdictOf({ sightings, block }) {
  const telling = sightings.filter(({ info }) => !info);
  if (block !== null) return { type: block.type, packet: block.packet, atS: block.atS };
  const best = telling.reduce((a, b) => (a === null || b.points > a.points ? b : a), null);
  return best === null ? null : { type: best.type, packet: best.packet, atS: best.atS };
}
