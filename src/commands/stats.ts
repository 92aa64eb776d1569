import { Flags } from '@oclif/core';
import { formatTime } from '../api/views.js';
import { AgentCommand } from '../cli/agent-command.js';
import { chartStyle } from '../cli/chart.js';
import {
  barView,
  PERIODS,
  rankingsView,
  renderStats,
  totalsView,
  type CourseView,
  type Period,
  type StatsView,
} from '../cli/stats-view.js';
import type { Reader } from '../store/reader.js';

const DAY_MS = 86_400_000;

export default class Stats extends AgentCommand {
  static override summary = 'Show what came, from whom, and what was blocked: today, 7 days, all';
  static override description =
    'Days are UTC days; 7 days are today and the six before. Counts are kept as messages come: they ' +
    'hold what was thinned in a flood, and what was deleted since. Reads the database, whether an ' +
    'agent runs or not.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --period 7d --top 20',
    "<%= config.bin %> <%= command.id %> --json | jq '.periods.today.top_sources.top'",
  ];
  static override flags = {
    period: Flags.option({ options: PERIODS })({
      default: 'today',
      description: 'whose most frequent values are listed',
    }),
    top: Flags.integer({ default: 10, min: 1, max: 500, description: 'entries of each list' }),
  };

  /** Rankings take a while where much was counted: people get those of one period. */
  async run(): Promise<StatsView | null> {
    const { flags } = await this.parse(Stats);
    const loaded = await this.loadToFind(flags.config);
    const now = Date.now();
    if (this.jsonEnabled())
      return this.withReader(loaded, (reader) => readAll(reader, flags.top, now));
    const style = chartStyle(process.stdout.isTTY, process.env);
    // Two readers, for one asks its questions one after another.
    const [totals, rankings] = await Promise.all([
      this.withReader(loaded, async (reader) => ({
        today: totalsView(await reader.totalsSince(beginUs('today', now))),
        '7d': totalsView(await reader.totalsSince(beginUs('7d', now))),
        all: totalsView(await reader.totalsSince(beginUs('all', now))),
      })),
      this.withReader(loaded, async (reader) => ({
        listed: rankingsView(await reader.rankingsSince(beginUs(flags.period, now), flags.top)),
        course: await readCourse(reader, now),
      })),
    ]);
    this.log(renderStats(totals, rankings.listed, rankings.course, style));
    return null;
  }
}

async function readAll(reader: Reader, top: number, nowMs: number): Promise<StatsView> {
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

async function readCourse(reader: Reader, nowMs: number): Promise<CourseView> {
  return {
    hours: (await reader.series('hour', nowMs * 1_000, 24)).map(barView),
    days: (await reader.series('day', nowMs * 1_000, 30)).map(barView),
  };
}

/** A moment in the first day of a period; 7 days are today and the six before. */
function beginUs(period: Period, nowMs: number): number {
  switch (period) {
    case 'today':
      return nowMs * 1_000;
    case '7d':
      return (nowMs - 6 * DAY_MS) * 1_000;
    case 'all':
      return 0;
  }
}
