import type { JobView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';

export default class DbVacuum extends AgentCommand {
  static override summary = 'Give the space of deleted rows back to the file system now';
  static override description =
    'The job database_vacuum, in the running agent, or from outside when none runs. Exit code 1 when it ' +
    'failed.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ job: JobView }> {
    const { flags } = await this.parse(DbVacuum);
    return { job: await this.runJobNow(flags.config, 'database_vacuum') };
  }
}
