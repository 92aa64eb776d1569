import type { AlertsView, AlertView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';
import { renderTable } from '../../cli/text/table.js';
import { shortTime } from '../../core/common/time-words.js';

export default class AlertsList extends AgentCommand {
  static override summary = 'Show where alerts go, what waits, and what became of the latest';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json | jq \'.alerts[] | select(.state == "failed")\'',
  ];

  async run(): Promise<AlertsView> {
    const { flags } = await this.parse(AlertsList);
    const loaded = await this.loadToFind(flags.config);
    const view = await this.withAgent(loaded, (calls) => calls.alerts());
    const { targets, alerts } = view;
    if (targets.length === 0)
      this.log('No alerts are configured: set mail_to, webhooks or command in [alerts].');
    else {
      const rows = targets.map(({ name, place, waiting, sent, failed }) => [
        ...[name, String(waiting), String(sent), String(failed), place],
      ]);
      this.log(renderTable(['TARGET', 'WAITING', 'SENT', 'GIVEN UP', 'WHERE'], rows));
    }
    if (alerts.length > 0) {
      const head = ['TIME (UTC)', 'TARGET', 'STATE', 'KIND', 'WHAT'];
      this.log(`\n${renderTable(head, alerts.map(rowOf))}`);
    }
    return view;
  }
}

function rowOf(alert: AlertView): string[] {
  const { at, target, kind, state, attempts, title, error, lines } = alert;
  const why = error === null || state === 'sent' ? '' : ` (${error}, ${attempts} attempts)`;
  return [shortTime(at), target, `${state}${why}`, kind, [title, ...lines.slice(0, 1)].join(': ')];
}
