/** Counts since the start of the agent, by labels of which there are few whatever is sent. */
export interface Meters {
  readonly events: readonly {
    readonly transport: string;
    /** One of the known methods, `response` or `other`. */
    readonly method: string;
    /** `none`: no rule took it for an attack. */
    readonly attackType: string;
    readonly count: number;
  }[];
  readonly sightings: readonly { readonly rule: string; readonly count: number }[];
  readonly blocks: readonly {
    readonly origin: string;
    readonly scope: string;
    readonly simulated: boolean;
    readonly count: number;
  }[];
  /** Blocks in force now. */
  readonly active: readonly {
    readonly origin: string;
    readonly scope: string;
    readonly simulated: boolean;
    readonly count: number;
  }[];
  readonly answerTime: TimeCounts;
  /** Seconds that the loop of the receiving thread was late, since the last look; null: not measured yet. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number } | null;
}

/** How many took up to how many seconds. */
export interface TimeCounts {
  /** Rising; `count` is of those up to `le` and above the bound before. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sum: number;
  /** All, those above the last bound too. */
  readonly count: number;
}
