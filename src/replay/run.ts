import { blocksCovering } from '../core/block/block-table.js';
import type { Block, ProtectedPeer } from '../core/model/block.js';
import type { Rule } from '../core/model/rule.js';
import type { Packet } from '../core/model/transport.js';
import type { Effect } from '../core/flow.js';
import { step, type AgentState } from '../core/step.js';
import { createReplayState, type ReplaySetting } from './create-state.js';
import type { RecordedPacket } from '../records/recorded.js';
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
  nowUs: number;
  settledUs: number;
}

/** As often as the agent's own job settles ended blocks. */
const SETTLE_EVERY_US = 60_000_000;

export const createRun = (setting: ReplaySetting, rules: readonly Rule[]): ReplayRun => ({
  state: createReplayState(setting, rules),
  sipPorts: new Set(setting.sipPorts),
  story: createStory(),
  nowUs: 0,
  settledUs: 0,
});

/**
 * Gives one recorded message to the agent, at its own time. One that a block would have kept out
 * never reaches the agent. `proof` null: the agent finds it by itself. Returns the agent's answer.
 */
export function feed(
  run: ReplayRun,
  packet: Packet,
  proof: RecordedPacket['proof'] | null,
): Buffer | null {
  const { story, state } = run;
  if (packet.receivedAtUs < run.nowUs) story.outOfOrder += 1;
  // A clock that goes back would open windows anew that are over.
  run.nowUs = Math.max(run.nowUs, packet.receivedAtUs);
  settle(run);
  const source = openSource(story, packet.source.address, run.nowUs);
  const block = blockAgainst(run, packet);
  if (block !== null) {
    tellKeptOut(story, source, block);
    return null;
  }
  const effects =
    proof === null
      ? step(state, { kind: 'packet', packet }, run.nowUs)
      : step(state, { kind: 'recorded', packet, proof }, run.nowUs);
  for (const effect of effects) tell(run, source, effect);
  const answer = effects.find((effect) => effect.kind === 'answer');
  return answer?.bytes ?? null;
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
function blockAgainst(run: ReplayRun, { source, local }: Packet): Block | null {
  const covering = blocksCovering(run.state.blocks.table, source.address, run.nowUs);
  const drops = covering.find(
    ({ scope }) => scope === 'all' || (scope === 'sip' && run.sipPorts.has(local.port)),
  );
  return drops ?? null;
}

function tell(run: ReplayRun, source: ReplayedSource | null, effect: Effect): void {
  const { story, nowUs } = run;
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
