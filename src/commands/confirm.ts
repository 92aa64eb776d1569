import { AgentCommand } from '../cli/agent-command.js';

export default class Confirm extends AgentCommand {
  static override summary = 'Keep the agent blocking after a start on trial (run --confirm)';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ confirmed: true }> {
    const { flags } = await this.parse(Confirm);
    const loaded = await this.loadToFind(flags.config);
    const result = await this.withAgent(loaded, (calls) => calls.confirm());
    this.log('Confirmed: the agent goes on blocking.');
    return result;
  }
}
