import type { SeriesView } from '../../api/views/overview.js';

/** The least harmful first, as the agent orders them; the colours go with it. */
export const ATTACK_ORDER = [
  'reconnaissance',
  'sip_scan',
  'extension_enumeration',
  'call_spam',
  'call_injection',
  'flood',
  'credential_attack',
  'toll_fraud',
] as const;

export interface Stack {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  /** Drawn one after the other, the tallest first: each holds itself and those below it. */
  readonly layers: readonly { readonly value: string; readonly tops: readonly number[] }[];
  /** Most harmful first, with its own counts. */
  readonly lines: readonly {
    readonly value: string;
    readonly counts: readonly number[];
    readonly total: number;
  }[];
}

/** Attack types as layers, the most harmful at the bottom, where its height is read best. */
export function stackOf({ began_at: began, values }: SeriesView): Stack {
  const rank = (value: string): number => ATTACK_ORDER.findIndex((each) => each === value);
  const lines = values
    .map(({ value, counts }) => ({ value, counts, total: sum(counts) }))
    .sort((a, b) => rank(b.value) - rank(a.value));
  const below = began.map(() => 0);
  const layers = lines.map(({ value, counts }) => ({
    value,
    tops: below.map((height, at) => (below[at] = height + (counts[at] ?? 0))),
  }));
  return { times: began.map((iso) => Date.parse(iso) / 1_000), layers: layers.reverse(), lines };
}

export const sum = (values: readonly number[]): number =>
  values.reduce((all, each) => all + each, 0);
