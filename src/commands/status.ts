import type { StatusView } from '../api/views.js';
import { AgentCommand } from '../cli/agent-command.js';
import { ERROR_CODES } from '../core/common/errors.js';
import { renderPairs, type Pair } from '../cli/text/table.js';
import { timeAgo } from '../core/common/time-words.js';
import { count, describeMode } from '../cli/text/words.js';

/** That no agent runs is an answer, not an error, but scripts must see it. */
const EXIT_NOT_RUNNING = ERROR_CODES.AGENT_UNREACHABLE.exit;

export default class Status extends AgentCommand {
  static override summary = 'Show whether the agent runs, what it blocks, and what was lost';
  static override description = `Exits with ${EXIT_NOT_RUNNING} when no agent runs; what the database knows is shown even so.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  async run(): Promise<StatusView> {
    const { flags } = await this.parse(Status);
    const loaded = await this.loadToFind(flags.config);
    const status = await this.withAgent(loaded, (calls) => calls.status());
    this.log(render(status, Date.now()));
    if (!status.running) process.exitCode = EXIT_NOT_RUNNING;
    return status;
  }
}

function render(status: StatusView, nowMs: number): string {
  const { blocking, store, counts } = status;
  const running = status.running
    ? `running, pid ${status.pid ?? '?'}, started ${timeAgo(status.started_at ?? '', nowMs)}`
    : 'not running';
  const pairs: Pair[] = [
    [
      'agent',
      `${running}, version ${status.version}${status.trial ? ', a trial' : ''}`,
      status.running ? null : 'bad',
    ],
    ['configuration', status.configuration_file ?? 'none (defaults)'],
  ];
  for (const wrong of [status.configuration_error, status.rules_error]) {
    if (wrong !== null)
      pairs.push(['  NOT IN FORCE', `${wrong}; what was read before it is`, 'bad']);
  }
  pairs.push(['database', describeDatabase(status)]);
  if (status.listening.length > 0) {
    const places = status.listening.map((each) => `${each.transport} ${each.address}:${each.port}`);
    pairs.push(['listening', places.join(', ')]);
  }
  if (status.api_url !== null) pairs.push(['HTTP API', status.api_url]);
  pairs.push(
    ['blocking', describeBlocking(status), blocking.mode === 'observe' ? 'warn' : 'good'],
    ['active blocks', describeBlocks(blocking)],
    ['repairs', `${describeRepairs(blocking)}${blocking.guarded ? '; watched' : ''}`],
    [
      'events',
      `${store.events ?? '?'} in the database, ${counts['received'] ?? 0} since the start`,
    ],
    ['lost', losses(status), losses(status) === 'nothing' ? null : 'warn'],
  );
  if (blocking.confirm_until !== null) {
    pairs.push(['on trial', `until ${blocking.confirm_until}: type \`confirm\` to keep blocking`]);
  }
  if (blocking.last_still_talking !== null) {
    const times = count(blocking.still_talking, 'packet');
    pairs.push([
      'still talking',
      `${times} from blocked sources, the last ${blocking.last_still_talking}`,
    ]);
  }
  if (blocking.unresolved_peers.length > 0) {
    pairs.push(['unresolved peers', blocking.unresolved_peers.join(', ')]);
  }
  if (blocking.last_error !== null) pairs.push(['firewall error', blocking.last_error, 'bad']);
  if (store.last_error !== null) pairs.push(['store error', store.last_error, 'bad']);
  for (const log of status.remote_logs) pairs.push([log.name, describeRemote(log)]);
  for (const sensor of status.sensors) pairs.push(describeSensor(sensor));
  if (blocking.storm !== null) {
    pairs.push([
      'spoofing storm',
      `${blocking.storm}; without proof only sources that go on are blocked`,
    ]);
  }
  return `${renderPairs(pairs)}${latest(status.notices)}`;
}

function describeBlocking({ running, blocking: { mode, why } }: StatusView): string {
  if (running || mode === 'observe') return describeMode(mode, why);
  return `by the table of the last run (${why}): its blocks hold until their time is over, new ones do not come`;
}

function describeBlocks({ active_blocks: all, ...blocking }: StatusView['blocking']): string {
  const { beside } = blocking.active_by_scope;
  const active = beside === 0 ? String(all) : `${all}, ${beside} of them heard by the trap still`;
  if (blocking.actual === null && blocking.differing === null) return active;
  const waiting = blocking.waiting_changes + blocking.retrying_changes;
  return (
    `${active}; in the firewall at the last full look ${blocking.actual ?? '?'}, ` +
    `differing ${blocking.differing ?? 0}, changes that wait ${waiting}`
  );
}

const describeRepairs = (blocking: StatusView['blocking']): string =>
  blocking.last_repair_at === null
    ? 'none'
    : `${blocking.repairs}, the last ${blocking.last_repair_at}: ${blocking.last_repair ?? ''}`;

const describeRemote = (log: StatusView['remote_logs'][number]): string =>
  `${log.target}: ${log.sent} ${log.name === 'hep' ? 'messages' : 'lines'} sent, ${log.waiting} wait` +
  (log.last_error === null ? '' : `; ${log.last_error}`);

const describeSensor = ({
  sensor,
  where,
  taken,
  left,
  trouble,
}: StatusView['sensors'][number]): Pair => {
  const name = `sensor ${sensor}`;
  if (where === null) return [name, trouble ?? '', 'bad'];
  const rest = Object.entries(left).filter(([, times]) => times > 0);
  const words = rest.map(([why, times]) => `${why.replaceAll('_', ' ')} ${times}`);
  const text = [where, `${taken} taken`, ...words].join(', ');
  return trouble === null ? [name, text] : [name, `${trouble}; ${text}`, 'bad'];
};

const describeDatabase = ({ database_file: file, store }: StatusView): string =>
  store.database_bytes === null
    ? `${file}, cannot be read: ${store.read_error ?? ''}`
    : `${file}, ${megabytes(store.database_bytes)}`;

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

function losses(status: StatusView): string {
  const hit = Object.entries(status.limits_hit).filter(([, times]) => times !== 0);
  if (hit.length === 0) return 'nothing';
  return hit
    .map(([name, times]) => `${name.replaceAll('_', ' ')} ${times ?? 'not known'}`)
    .join(', ');
}

function latest(notices: readonly string[]): string {
  if (notices.length === 0) return '';
  const lines = notices.map((line) => `  ${line}`).join('\n');
  return `\n\nlatest (${count(notices.length, 'line')}):\n${lines}`;
}
