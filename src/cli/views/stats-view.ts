import {
  PERIODS,
  RANKINGS,
  type CourseView,
  type Period,
  type RankingsView,
  type TotalsView,
} from '../../api/views/stats.js';
import { clipText } from '../../core/common/text.js';
import type { Ranking } from '../../store/read/read-stats.js';
import { bar, sparkline, type ChartStyle } from '../text/chart.js';
import { renderPairs, renderTable } from '../text/table.js';

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
