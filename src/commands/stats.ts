import { Flags } from '@oclif/core';
import { formatTime } from '../api/views.js';
import { AgentCommand } from '../cli/agent-command.js';
import { chartStyle } from '../cli/chart.js';
import { barView, PERIODS, periodView, renderStats, type StatsView } from '../cli/stats-view.js';
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

  async run(): Promise<StatsView> {
    const { flags } = await this.parse(Stats);
    const loaded = await this.load(flags.config);
    const view = await this.withReader(loaded, (reader) => readAll(reader, flags.top, Date.now()));
    this.log(renderStats(view, flags.period, chartStyle(process.stdout.isTTY, process.env)));
    return view;
  }
}

async function readAll(reader: Reader, top: number, nowMs: number): Promise<StatsView> {
  const since = async (ms: number) => periodView(await reader.statsSince(ms * 1_000, top));
  const nowUs = nowMs * 1_000;
  return {
    generated_at: formatTime(nowUs),
    periods: {
      today: await since(nowMs),
      '7d': await since(nowMs - 6 * DAY_MS),
      all: await since(0),
    },
    hours: (await reader.series('hour', nowUs, 24)).map(barView),
    days: (await reader.series('day', nowUs, 30)).map(barView),
  };
}
