import { Args } from '@oclif/core';
import { AgentCommand } from '../../cli/agent-command.js';

export default class ProtectRemove extends AgentCommand {
  static override summary = 'End a protection that `protect add` made';
  static override examples = ['<%= config.bin %> <%= command.id %> sip.example.org'];
  static override args = {
    peer: Args.string({ required: true, description: 'address, CIDR or host name' }),
  };

  async run(): Promise<{ removed: string }> {
    const { args, flags } = await this.parse(ProtectRemove);
    const loaded = await this.loadToFind(flags.config);
    const result = await this.withAgent(loaded, (calls) => calls.unprotectPeer(args.peer));
    this.log(`${result.removed} is no longer protected by a command.`);
    return result;
  }
}
