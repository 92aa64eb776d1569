/** What scripts and benches, plain JavaScript, keep of a run. */
export interface History {
  readonly bench: string;
  readonly about: string;
  readonly runs: readonly Run[];
}

export interface Run {
  readonly date: string;
  readonly commit: string | null;
  readonly source: 'run' | 'notes';
  readonly options: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly figures: readonly Figure[];
  readonly yardsticks: readonly Measured[];
}

export interface Measured {
  readonly name: string;
  /** null: it could not be measured. */
  readonly value: number | null;
  readonly unit: string;
}

export interface Figure extends Measured {
  readonly goal: { readonly atMost: number } | { readonly atLeast: number } | null;
  /** The name of what it is compared with. */
  readonly yardstick?: string;
}
