import { Args } from '@oclif/core';
import { AgentCommand } from '../../cli/agent-command.js';

export default class TokenRevoke extends AgentCommand {
  static override summary = 'Take a token of the HTTP API back: it lets nobody in any more';
  static override examples = ['<%= config.bin %> <%= command.id %> pbx-1'];
  static override args = {
    name: Args.string({ required: true, description: 'name as `token list` shows it' }),
  };

  async run(): Promise<{ revoked: string }> {
    const { args, flags } = await this.parse(TokenRevoke);
    const loaded = await this.loadToFind(flags.config);
    const result = await this.withAgent(loaded, (calls) => calls.revokeToken(args.name));
    this.log(`The token ${result.revoked} lets nobody in any more.`);
    return result;
  }
}
