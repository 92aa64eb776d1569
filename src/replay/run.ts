import { blocksCovering } from '../core/block/block-table.js';
import type { Block, ProtectedPeer } from '../core/model/block.js';
import type { Rule } from '../core/model/rule.js';
import type { Packet } from '../core/model/transport.js';
import { LIMITS } from '../core/common/limits.js';
import type { Effect, Input } from '../core/flow.js';
import { step, type AgentState } from '../core/step.js';
import { createReplayState, type ReplaySetting } from './create-state.js';
import { recordedAtUs, type Recorded } from '../records/recorded.js';
import {
  createStory,
  openSource,
  tellBlock,
  tellEvent,
  tellFault,
  tellKeptOut,
  tellSighting,
  tellSpared,
  type ReplayedSource,
  type Story,
} from './story.js';

/** One agent that is fed with a record, and what became of it. */
export interface ReplayRun {
  readonly state: AgentState;
  readonly sipPorts: ReadonlySet<number>;
  readonly story: Story;
  /** Hears each effect as it happens; null: nobody wants to know. */
  readonly heard: ((effect: Effect) => void) | null;
  nowUs: number;
  settledUs: number;
}

/** As often as the agent's own job settles ended blocks. */
const SETTLE_EVERY_US = 60_000_000;

export const createRun = (
  setting: ReplaySetting,
  rules: readonly Rule[],
  heard: ReplayRun['heard'] = null,
): ReplayRun => ({
  state: createReplayState(setting, rules),
  sipPorts: new Set(setting.sipPorts),
  story: createStory(),
  heard,
  nowUs: 0,
  settledUs: 0,
});

/**
 * Gives one recorded message or report to the agent, at its own time. One that a block would have kept
 * out never reaches the agent.
 */
export function feed(run: ReplayRun, recorded: Recorded): void {
  advance(run, recordedAtUs(recorded));
  if ('packet' in recorded && !('mirror' in recorded) && recorded.sensed === undefined) {
    receive(run, recorded.packet, {
      kind: 'recorded',
      packet: recorded.packet,
      proof: recorded.proof,
    });
    return;
  }
  const { address } = 'report' in recorded ? recorded.report.source : recorded.packet.source;
  const port = 'report' in recorded ? null : recorded.packet.local.port;
  const block = blockAgainst(run, address, port);
  if (block === null) tellSensed(run, step(run.state, inputOf(recorded), run.nowUs));
  else tellKeptOut(run.story, openSource(run.story, address, run.nowUs), block);
}

/** A message that comes now: the agent finds the proof by itself. Returns the agent's answer. */
export function feedLive(run: ReplayRun, packet: Packet): Buffer | null {
  advance(run, packet.receivedAtUs);
  return receive(run, packet, { kind: 'packet', packet });
}

/** So long nothing came after what was fed last: a request to a PBX waits for no answer for ever. */
export function passTime(run: ReplayRun, us: number): void {
  if (run.story.packets === 0 && run.nowUs === 0) return;
  tellSensed(run, step(run.state, { kind: 'tick' }, run.nowUs + us));
}

/** Requests to a PBX that have no answer yet have none any more. */
export function endRun(run: ReplayRun): void {
  passTime(run, LIMITS.mirroredAnswerS * 1_000_000);
}

function advance(run: ReplayRun, atUs: number): void {
  if (atUs < run.nowUs) run.story.outOfOrder += 1;
  // A clock that goes back would open windows anew that are over.
  run.nowUs = Math.max(run.nowUs, atUs);
  settle(run);
}

function inputOf(recorded: Recorded): Input {
  if ('report' in recorded) return { kind: 'report', report: recorded.report };
  const { packet } = recorded;
  if ('mirror' in recorded) return { kind: 'mirrored', packet, sensor: recorded.mirror };
  const { proof, sensed } = recorded;
  if (sensed === undefined) return { kind: 'recorded', packet, proof };
  return { kind: 'sensed', sensed: { ...sensed, packet, proof } };
}

/** What the trap receives. */
function receive(run: ReplayRun, packet: Packet, input: Input): Buffer | null {
  const { story, state } = run;
  const source = openSource(story, packet.source.address, run.nowUs);
  const block = blockAgainst(run, packet.source.address, packet.local.port);
  if (block !== null) {
    tellKeptOut(story, source, block);
    return null;
  }
  const effects = step(state, input, run.nowUs);
  for (const effect of effects) tell(run, source, effect);
  const answer = effects.find((effect) => effect.kind === 'answer');
  return answer?.bytes ?? null;
}

/** What became of requests to a PBX: the effects of each follow its event. */
function tellSensed(run: ReplayRun, effects: readonly Effect[]): void {
  let source: ReplayedSource | null = null;
  for (const effect of effects) {
    if (effect.kind === 'event' || effect.kind === 'welcome') {
      source = openSource(run.story, effect.event.source.address, run.nowUs);
    }
    tell(run, source, effect);
  }
}

function settle(run: ReplayRun): void {
  if (run.nowUs - run.settledUs < SETTLE_EVERY_US) return;
  run.settledUs = run.nowUs;
  step(run.state, { kind: 'settle' }, run.nowUs);
}

/**
 * The block in force that drops this packet in the kernel; null: it comes through. What is replayed was
 * sent to the trap, or stands for that, so scope `beside` keeps nothing of it out.
 */
function blockAgainst(run: ReplayRun, address: string, port: number | null): Block | null {
  const covering = blocksCovering(run.state.blocks.table, address, run.nowUs);
  const drops = covering.find(
    ({ scope }) =>
      scope === 'all' || (scope === 'sip' && (port === null || run.sipPorts.has(port))),
  );
  return drops ?? null;
}

function tell(run: ReplayRun, source: ReplayedSource | null, effect: Effect): void {
  const { story, nowUs } = run;
  run.heard?.(effect);
  switch (effect.kind) {
    case 'event':
      tellEvent(story, source, effect.record);
      return;
    case 'sighting':
      tellSighting(story, source, effect.sighting);
      return;
    case 'block':
      tellBlock(story, source, effect.block);
      return;
    case 'spared':
      tellSpared(story, source, spareOf(effect), nowUs);
      return;
    case 'fault':
      tellFault(story, effect.fault);
      return;
    case 'answer':
    case 'welcome':
    case 'call':
    case 'block-ended':
    case 'firewall':
    case 'refused':
      return;
  }
}

const spareOf = ({
  source,
  peer,
}: {
  readonly source: string;
  readonly peer: ProtectedPeer;
}): { source: string; peer: ProtectedPeer } => ({ source, peer });
