import { formatTime } from '../api/views.js';
import { clipText } from '../core/model/text.js';
import type { Bar, PeriodTotals, Ranked, Ranking, Rankings } from '../store/read-stats.js';
import { bar, sparkline, type ChartStyle } from './chart.js';
import { renderPairs, renderTable } from './table.js';

export const PERIODS = ['today', '7d', 'all'] as const;
export type Period = (typeof PERIODS)[number];

/** A ranking by the name that it has in JSON, and its title for people. */
const RANKINGS = [
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

const LINES: readonly (readonly [string, keyof TotalsView])[] = [
  ['messages', 'messages'],
  ['of them thinned', 'thinned'],
  ['sources', 'sources'],
  ['blocks', 'blocks'],
  ['packets dropped', 'packets_dropped'],
];

export function renderStats(
  totals: Readonly<Record<Period, TotalsView>>,
  chosen: RankingsView,
  course: CourseView,
  style: ChartStyle,
): string {
  const lines = LINES.map(([title, key]) => [
    title,
    ...PERIODS.map((period) => String(totals[period][key])),
  ]);
  const charts: [string, string][] = [
    ['24 hours', chartLine(course.hours, style)],
    ['30 days', chartLine(course.days, style)],
  ];
  const rankings = RANKINGS.map(([name, , title]) => renderRanking(title, chosen[name], style));
  return [
    renderTable(['(UTC days)', 'TODAY', '7 DAYS', 'ALL'], lines),
    renderPairs(charts),
    ...rankings.filter((text) => text !== ''),
  ].join('\n\n');
}

function chartLine(bars: CourseView['hours'], style: ChartStyle): string {
  const values = bars.map(({ messages }) => messages);
  return `|${sparkline(values, style)}| at most ${Math.max(0, ...values)}`;
}

const VALUE_CHARS_MAX = 48;

function renderRanking(title: string, { top, total }: Ranking, style: ChartStyle): string {
  const [first] = top;
  if (first === undefined) return '';
  const width = Math.max(...top.map(({ value }) => clipText(value, VALUE_CHARS_MAX).length));
  const digits = String(first.count).length;
  const lines = top.map(({ value, count }) => {
    const text = clipText(value, VALUE_CHARS_MAX).padEnd(width);
    return `  ${text}  ${String(count).padStart(digits)}  ${bar(count, first.count, style)}`;
  });
  const others = total - top.reduce((sum, { count }) => sum + count, 0);
  if (others > 0) lines.push(`  all others: ${others}`);
  return `${title}\n${lines.map((line) => line.trimEnd()).join('\n')}`;
}
