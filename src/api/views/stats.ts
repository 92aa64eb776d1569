import type { Bar, PeriodTotals, Ranked, Ranking, Rankings } from '../../store/read/read-stats.js';
import type { Reader } from '../../store/read/reader.js';
import { formatTime } from '../views.js';

export const PERIODS = ['today', '7d', 'all'] as const;
export type Period = (typeof PERIODS)[number];

/** A ranking by the name that it has in JSON, and its title for people. */
export const RANKINGS = [
  ['attack_types', 'attack_type', 'attack types'],
  ['methods', 'method', 'methods'],
  ['top_sources', 'source', 'sources'],
  ['countries', 'country', 'countries of sources'],
  ['user_agents', 'user_agent', 'user agents'],
  ['user_names', 'user', 'user names tried'],
  ['numbers', 'number', 'numbers dialled'],
  ['called_countries', 'called_country', 'countries dialled'],
  ['transports', 'transport', 'transports'],
  ['proofs', 'proof', 'proofs of source'],
  ['blocks_for', 'block', 'blocks, by attack type or origin'],
] as const satisfies readonly (readonly [string, Ranked, string])[];
type RankingName = (typeof RANKINGS)[number][0];

export interface TotalsView {
  readonly messages: number;
  readonly thinned: number;
  readonly sources: number;
  readonly blocks: number;
  readonly packets_dropped: number;
}
export type RankingsView = Readonly<Record<RankingName, Ranking>>;

/** How much came when. */
export interface CourseView {
  /** The last 24 hours and 30 days, oldest first. */
  readonly hours: readonly { readonly began_at: string; readonly messages: number }[];
  readonly days: readonly { readonly began_at: string; readonly messages: number }[];
}

export interface StatsView extends CourseView {
  readonly generated_at: string;
  readonly periods: Readonly<Record<Period, TotalsView & RankingsView>>;
}

export const totalsView = (totals: PeriodTotals): TotalsView => ({
  messages: totals.messages,
  thinned: totals.thinned,
  sources: totals.sources,
  blocks: totals.blocks,
  packets_dropped: totals.packetsDropped,
});

export function rankingsView(rankings: Rankings): RankingsView {
  const named = RANKINGS.map(([name, ranked]) => [name, rankings[ranked]] as const);
  return Object.fromEntries(named) as RankingsView; // Every name of the table.
}

export const barView = ({ beganAtUs, messages }: Bar) => ({
  began_at: formatTime(beganAtUs),
  messages,
});

const DAY_MS = 86_400_000;

/** All periods and both charts, as `stats --json` tells them. */
export async function readStats(reader: Reader, top: number, nowMs: number): Promise<StatsView> {
  const read = async (period: Period) => {
    const stats = await reader.statsSince(beginUs(period, nowMs), top);
    return { ...totalsView(stats), ...rankingsView(stats.rankings) };
  };
  return {
    generated_at: formatTime(nowMs * 1_000),
    periods: { today: await read('today'), '7d': await read('7d'), all: await read('all') },
    ...(await readCourse(reader, nowMs)),
  };
}

export async function readCourse(reader: Reader, nowMs: number): Promise<CourseView> {
  return {
    hours: (await reader.series('hour', nowMs * 1_000, 24)).map(barView),
    days: (await reader.series('day', nowMs * 1_000, 30)).map(barView),
  };
}

/** A moment in the first day of a period; 7 days are today and the six before. */
export function beginUs(period: Period, nowMs: number): number {
  switch (period) {
    case 'today':
      return nowMs * 1_000;
    case '7d':
      return (nowMs - 6 * DAY_MS) * 1_000;
    case 'all':
      return 0;
  }
}
