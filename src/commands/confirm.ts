import { AgentCommand } from '../cli/agent-command.js';
import { AgentError } from '../core/common/errors.js';

export default class Confirm extends AgentCommand {
  static override summary = 'Keep the agent blocking after a start on trial (run --confirm)';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ confirmed: true }> {
    const { flags } = await this.parse(Confirm);
    const loaded = await this.loadToFind(flags.config);
    const result = await this.withRunningAgent(loaded, (calls) => calls.confirm());
    if (result === null) throw noAgent();
    this.log('Confirmed: the agent goes on blocking.');
    return result;
  }
}

const noAgent = (): AgentError =>
  new AgentError(
    'AGENT_UNREACHABLE',
    'no agent runs, so that there is nothing to confirm',
    'start one with `sentrypeer-agent run --confirm 5m`, or name its configuration with -c FILE',
  );
