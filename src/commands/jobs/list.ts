import type { JobView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderTable, type Column } from '../../cli/text/table.js';
import { shortTime } from '../../core/common/time-words.js';

export default class JobsList extends AgentCommand {
  static override summary =
    'Show the scheduled jobs, what came of them last, and when they run next';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json | jq \'.jobs[] | select(.last_result=="failed")\'',
  ];

  async run(): Promise<{ jobs: readonly JobView[] }> {
    const { flags } = await this.parse(JobsList);
    const loaded = await this.loadToFind(flags.config);
    const jobs = await this.withAgent(loaded, (calls) => calls.jobs());
    this.log(render(jobs));
    return { jobs };
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'JOB' },
  { title: 'SCHEDULE', rank: 3 },
  { title: 'NEXT RUN (UTC)', rank: 1 },
  { title: 'LAST RUN (UTC)', rank: 2 },
  {
    title: 'RESULT',
    fills: true,
    tone: (cell) => (cell.startsWith('failed') ? 'bad' : null),
  },
  { title: 'WHAT IT DOES', rank: 4 },
];

function render(jobs: readonly JobView[]): string {
  const rows = jobs.map((job) => [
    job.name,
    job.schedule,
    job.next_run_at === null ? 'no agent runs' : shortTime(job.next_run_at),
    job.last_started_at === null ? 'never' : shortTime(job.last_started_at),
    describeResult(job),
    job.description,
  ]);
  return renderTable(COLUMNS, rows);
}

function describeResult(job: JobView): string {
  if (job.running) return 'under way';
  if (job.last_result === null) return '-';
  const again = job.retry_at === null ? '' : `; tried again at ${shortTime(job.retry_at)}`;
  return `${job.last_result}: ${job.last_detail ?? ''}${again}`;
}
