import type { Effect } from '../core/flow.js';
import type { EventRecord, TrapEvent } from '../core/model/event.js';
import type { CallRecord } from '../core/model/call.js';
import type { Block, FirewallChange } from '../core/model/block.js';
import type { StoreBatch } from '../store/types.js';
import type { Meter } from './meter.js';
import { describeBlock, describeCall } from './log/describe.js';

/** Where effects go. `say` takes one line for people. */
export interface Outlets {
  readonly keep: (record: EventRecord) => void;
  readonly write: (batch: StoreBatch) => void;
  readonly changeFirewall: (change: FirewallChange) => void;
  readonly say: (text: string) => void;
  readonly onEvent: (record: EventRecord, event: TrapEvent) => void;
  /** The breaker of unproven blocks has tripped, or is back. */
  readonly onBreaker: (tripped: boolean) => void;
  /** A source was heard although it is blocked. */
  readonly onStillTalking: () => void;
  /** A call that the trap answered has begun, or has ended; absent: nobody wants to know. */
  readonly onCall?: (call: CallRecord) => void;
  readonly nowUs: () => number;
  /** Counts what was decided; absent: nobody wants to know. */
  readonly meter?: Pick<Meter, 'sighting' | 'block'>;
  /** Told of each block that begins or ends, simulated ones too; absent: nobody wants to know. */
  readonly noteBlock?: (kind: 'begun' | 'ended', block: Block) => void;
}

export interface EffectRunner {
  run(effects: readonly Effect[], reply: ((bytes: Buffer) => void) | null): void;
  /** Hands what was gathered to the store. */
  readonly handOver: () => void;
  readonly stop: () => void;
}

/** Gathering for this long costs little of the 250 ms until a batch must be committed. */
const HAND_OVER_EVERY_MS = 20;

interface Gathered {
  sightings: StoreBatch['sightings'][number][];
  blocks: StoreBatch['blocks'][number][];
  calls: StoreBatch['calls'][number][];
  endedBlocks: StoreBatch['endedBlocks'][number][];
}

const nothing = (): Gathered => ({
  sightings: [],
  blocks: [],
  calls: [],
  endedBlocks: [],
});

const isEmpty = ({ sightings, blocks, calls, endedBlocks }: Gathered): boolean =>
  sightings.length + blocks.length + calls.length + endedBlocks.length === 0;

type BlockEnded = Extract<Effect, { readonly kind: 'block-ended' }>;

const endOf = ({ block, how }: BlockEnded, endedAtUs: number): Gathered['endedBlocks'][number] => ({
  id: block.id,
  endedAtUs,
  how,
});

/** Carries out effects in their order; decisions are handed to the store in batches. */
export function createEffectRunner(outlets: Outlets): EffectRunner {
  let gathered = nothing();
  let timer: NodeJS.Timeout | null = null;

  const handOver = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const batch = gathered;
    gathered = nothing();
    outlets.write({ ...batch, events: [], jobRuns: [] });
  };

  return {
    run: (effects, reply) => {
      const means = { outlets, gathered, reply };
      for (const effect of effects) runOne(means, effect);
      if (timer === null && !isEmpty(gathered)) timer = setTimeout(handOver, HAND_OVER_EVERY_MS);
    },
    handOver,
    stop: handOver,
  };
}

interface Means {
  readonly outlets: Outlets;
  readonly gathered: Gathered;
  readonly reply: ((bytes: Buffer) => void) | null;
}

function runOne({ outlets, gathered, reply }: Means, effect: Effect): void {
  switch (effect.kind) {
    case 'answer':
      reply?.(effect.bytes);
      return;
    case 'event':
      outlets.keep(effect.record);
      outlets.onEvent(effect.record, effect.event);
      return;
    case 'sighting':
      outlets.meter?.sighting(effect.sighting);
      gathered.sightings.push(effect.sighting);
      return;
    case 'call':
      gathered.calls.push(effect.call);
      outlets.onCall?.(effect.call);
      if (effect.call.endedAtUs === null) outlets.say(describeCall(effect.call));
      return;
    case 'block':
      outlets.meter?.block(effect.block);
      outlets.noteBlock?.('begun', effect.block);
      gathered.blocks.push(effect.block);
      outlets.say(describeBlock(effect.block));
      return;
    case 'block-changed':
      // What is simulated from now on is in force no longer.
      outlets.noteBlock?.(effect.block.simulated ? 'ended' : 'begun', effect.block);
      gathered.blocks.push(effect.block);
      return;
    case 'block-ended':
      outlets.noteBlock?.('ended', effect.block);
      gathered.endedBlocks.push(endOf(effect, outlets.nowUs()));
      if (effect.how !== 'replaced' && effect.quiet !== true)
        outlets.say(`${effect.block.target} ${effect.how}`);
      return;
    case 'firewall':
      outlets.changeFirewall(effect.change);
      return;
    case 'breaker':
      outlets.onBreaker(effect.tripped);
      return;
    case 'still-talking':
      outlets.onStillTalking();
      return;
    case 'spared':
      outlets.say(`${effect.source} reached the threshold and is spared: ${effect.peer.from}`);
      return;
    case 'fault':
      outlets.say(`rule ${effect.fault.rule} failed and rests a while: ${effect.fault.message}`);
      return;
    case 'welcome':
    case 'refused':
      return;
  }
}
