import { Args } from '@oclif/core';
import type { JobView } from '../../api/views.js';
import { AgentCommand } from '../../cli/agent-command.js';

export default class JobsRun extends AgentCommand {
  static override summary = 'Run a job now, in the agent, or from outside when none runs';
  static override examples = [
    '<%= config.bin %> <%= command.id %> block_expiry',
    '<%= config.bin %> <%= command.id %> database_prune --json',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'job as `jobs list` names it' }),
  };

  async run(): Promise<{ job: JobView }> {
    const { args, flags } = await this.parse(JobsRun);
    return { job: await this.runJobNow(flags.config, args.name) };
  }
}
