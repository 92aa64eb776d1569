import type { JobView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';

export default class LogsArchive extends AgentCommand {
  static override summary = 'Set the logs aside now, compress them, and delete old ones';
  static override description =
    'The job log_archive, in the running agent, or from outside when none runs. Old logs are ' +
    '<file>.<time>.gz. Exit code 1 when it failed.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ job: JobView }> {
    const { flags } = await this.parse(LogsArchive);
    return { job: await this.runJobNow(flags.config, 'log_archive') };
  }
}
