import { Args } from '@oclif/core';
import type { RemovedBlock } from '../../api/calls.js';
import { AgentCommand } from '../../cli/agent-command.js';

export default class BlocksRemove extends AgentCommand {
  static override summary = 'End the block of exactly the target named';
  static override description =
    'What else still covers the address is said and stays: a wider block is another decision.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 203.0.113.7',
    '<%= config.bin %> <%= command.id %> 2001:db8:1:2::/64',
  ];
  static override args = {
    target: Args.string({ required: true, description: 'target as `blocks list` shows it' }),
  };

  async run(): Promise<RemovedBlock> {
    const { args, flags } = await this.parse(BlocksRemove);
    const loaded = await this.loadToFind(flags.config);
    const result = await this.withAgent(loaded, (calls) => calls.removeBlock(args.target));
    this.log(`${result.removed.target} is no longer blocked.`);
    for (const wider of result.still_covered_by) {
      this.log(`It is still covered by the block of ${wider}.`);
    }
    return result;
  }
}
