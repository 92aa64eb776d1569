import { Flags } from '@oclif/core';
import {
  beginUs,
  PERIODS,
  rankingsView,
  readCourse,
  readStats,
  totalsView,
  type StatsView,
} from '../api/views/stats.js';
import { AgentCommand } from '../cli/agent-command.js';
import { chartStyle } from '../cli/text/chart.js';
import { renderStats } from '../cli/views/stats-view.js';

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
      return this.withReader(loaded, (reader) => readStats(reader, flags.top, now));
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
