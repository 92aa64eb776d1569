import type { JobView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';

export default class DbPrune extends AgentCommand {
  static override summary = 'Delete what is too old or too much now, as [retention] says';
  static override description =
    'The job database_prune, in the running agent, or from outside when none runs. Exit code 1 when it ' +
    'failed.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ job: JobView }> {
    const { flags } = await this.parse(DbPrune);
    return { job: await this.runJobNow(flags.config, 'database_prune') };
  }
}
