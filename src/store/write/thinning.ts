import { LIMITS } from '../../core/common/limits.js';
import type { EventRecord } from '../../core/model/event.js';

/** Messages of one source that were counted, but not kept as events, in a span of time. */
export interface ThinnedSource {
  /** Canonical address; empty for all that came when too many sources were counted already. */
  readonly source: string;
  readonly firstAtUs: number;
  readonly lastAtUs: number;
  readonly messages: number;
}

/** Who is kept and who only counted while the queue is filling. */
export interface Thinner {
  /**
   * True when the event is to be kept. `fill`: how full the queue is, 0 to 1. The fuller it is, the
   * fewer samples a second of each source are kept, so that a flood from one does not take the
   * place of the others.
   */
  admit(record: EventRecord, fill: number): boolean;
  /** The counts since the last call. */
  take(): readonly ThinnedSource[];
  isEmpty(): boolean;
}

/** Below it every event is kept, and nothing is looked up. */
const THIN_FROM = 0.6;

/** From this fill on, so many samples of one source in a second. */
const STEPS = [
  { fill: 1, samples: 0 },
  { fill: 0.9, samples: 4 },
  { fill: 0.75, samples: 20 },
  { fill: THIN_FROM, samples: 100 },
] as const;

type Counting = { -readonly [K in keyof ThinnedSource]: ThinnedSource[K] };

export function createThinner(): Thinner {
  let second = 0;
  /** Samples kept of each source in this second, while there is need to count them. */
  let kept = new Map<string, number>();
  let thinned = new Map<string, Counting>();

  const count = ({ source, receivedAtUs }: EventRecord): void => {
    const known = thinned.has(source.address) || thinned.size < LIMITS.thinnedSourcesMax;
    const key = known ? source.address : '';
    const counting = thinned.get(key);
    if (counting === undefined) {
      const times = { firstAtUs: receivedAtUs, lastAtUs: receivedAtUs };
      thinned.set(key, { source: key, ...times, messages: 1 });
    } else {
      counting.lastAtUs = receivedAtUs;
      counting.messages += 1;
    }
  };

  return {
    admit: (record, fill) => {
      if (fill < THIN_FROM) return true;
      const step = STEPS.find((each) => fill >= each.fill);
      if (step === undefined) return true;
      const now = Math.floor(record.receivedAtUs / 1_000_000);
      if (now !== second) {
        second = now;
        kept = new Map();
      }
      const { address } = record.source;
      const before = kept.get(address) ?? 0;
      if (before >= step.samples) {
        count(record);
        return false;
      }
      if (kept.has(address) || kept.size < LIMITS.thinnedSourcesMax) kept.set(address, before + 1);
      return true;
    },
    take: () => {
      const taken = [...thinned.values()];
      thinned = new Map();
      return taken;
    },
    isEmpty: () => thinned.size === 0,
  };
}
